// What the server is told until it has answered: at once, every few seconds, and as soon as the websocket is there
// again. While it isn't, Reflex drops such an event (it is `temporal`): nothing piles up to be sent, and what is
// withdrawn by then is never sent.
const EVERY_MS = 4000;
const CONNECTED = "chat-ui:connected";

export const tellAgain = () => window.dispatchEvent(new Event(CONNECTED));

// Returns what ends it.
export function tellUntilAnswered(tell) {
  const telling = setInterval(tell, EVERY_MS);
  window.addEventListener(CONNECTED, tell);
  tell();
  return () => {
    clearInterval(telling);
    window.removeEventListener(CONNECTED, tell);
  };
}
