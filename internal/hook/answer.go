package hook

import "encoding/json"

// Refusal is what an agent reads on standard output when a call is refused. With
// it goes exit code 2 and the reason on standard error, which every agent takes for
// a refusal; the JSON is for those that read it first.
func Refusal(agent, reason string) []byte {
	var answer any
	switch agent {
	case Gemini:
		answer = map[string]any{"decision": "deny", "reason": reason}
	case Copilot:
		answer = map[string]any{"permissionDecision": "deny", "permissionDecisionReason": reason}
	case Cursor:
		answer = map[string]any{"permission": "deny", "user_message": reason, "agent_message": reason}
	default:
		answer = map[string]any{"hookSpecificOutput": map[string]any{"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason}}
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return nil // maps of texts; the exit code says it all
	}
	return append(data, '\n')
}

// Consent is what an agent reads when nothing stands against a call: nothing, so
// that its own questions to the user stay as they are. Cursor, told to fail closed,
// wants an object.
func Consent(agent string) []byte {
	if agent == Cursor {
		return []byte("{}\n")
	}
	return nil
}
