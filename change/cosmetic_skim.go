package change

func (s *goScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}

func (s *pythonScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}

func (s *curlyScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}

func (s *shellScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}

func (s *sqlScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}

func (s *cssScanner) skim(to int) uint64 {
	for {
		if mark := s.next().mark; mark <= tokenBad || s.at >= to {
			return mark
		}
	}
}
