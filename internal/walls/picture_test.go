package walls

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// svg is what a picture says: its title, its description and its texts by class.
type svg struct {
	Title string   `xml:"title"`
	Desc  string   `xml:"desc"`
	Texts []string // all that is read
	Names []string // of rooms
}

func readPicture(t *testing.T, name string) (p svg, rest string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/images/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(data, &p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	d := xml.NewDecoder(strings.NewReader(string(data)))
	class, in := "", ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			in, class = x.Name.Local, ""
			for _, a := range x.Attr {
				if a.Name.Local == "class" {
					class = a.Value
				}
			}
		case xml.EndElement:
			in = ""
		case xml.CharData:
			if in == "text" {
				p.Texts = append(p.Texts, string(x))
				if class == "name" {
					p.Names = append(p.Names, strings.Split(string(x), ", ")...)
				}
			}
		}
	}
	return p, regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(string(data), "")
}

// The picture of the house shows rooms that there are, the ground floor as the
// tables here have it, and says the same to those who do not see it and in the dark.
func TestPictureOfTheHouse(t *testing.T) {
	t.Parallel()
	light, shape := readPicture(t, "house-light.svg")
	_, dark := readPicture(t, "house-dark.svg")
	if shape != dark {
		t.Error("the two pictures differ in more than colours")
	}
	if light.Title == "" || len(light.Desc) < 200 || !strings.Contains(shape, `role="img" aria-labelledby="title desc"`) {
		t.Errorf("it says %q, %q", light.Title, light.Desc)
	}
	for _, name := range light.Names {
		if slices.Contains([]string{"GitHub", "People and chat rooms", "A clone"}, name) {
			continue
		}
		floor := slices.IndexFunc(floors, func(rooms []string) bool {
			return slices.Contains(rooms, name) || slices.Contains(rooms, "internal/"+name)
		})
		if floor < 0 {
			t.Errorf("there is no room %s", name)
		}
		if !strings.Contains(light.Desc, name) {
			t.Errorf("the description lacks %s", name)
		}
		ground := slices.Contains([]string{"change", "session", "rules", "policy", "verdict", "report"}, name)
		if ground != (floor < lowerHalf) {
			t.Errorf("%s is on the wrong floor", name)
		}
	}
	if len(light.Names) < 15 {
		t.Errorf("only the names %q", light.Names)
	}
	page, err := os.ReadFile("../../docs/how-it-works.md")
	if err != nil || !strings.Contains(string(page), "images/house-dark.svg") || !strings.Contains(string(page), `src="images/house-light.svg"`) {
		t.Errorf("the page does not show it: %v", err)
	}
}
