// Which conversation the person is looking at. The address knows; state on the server may be a moment
// behind, and what it holds until then belongs to another conversation.
import { useLocation } from "react-router";

export function useConversation() {
  return /^\/c\/([^/]+)/.exec(useLocation().pathname)?.[1] ?? "";
}
