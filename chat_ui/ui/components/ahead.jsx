// The scripts of the page of a conversation, fetched while somebody writes what begins one. By React Router's own
// PrefetchPageLinks, one that can't be fetched would load the page anew that somebody writes on.
const PATH = "c/:conversation";

export function ConversationAhead() {
  const routes = Object.values(window.__reactRouterManifest?.routes ?? {});
  const { module, imports = [] } = routes.find(({ path }) => path === PATH) ?? {};
  return module && [module, ...imports].map((script) => <link key={script} rel="modulepreload" href={script} />);
}
