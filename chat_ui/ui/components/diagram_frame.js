// Runs in the frame of diagrams.js, as a plain script: draws what the page sends, and sends back what it drew.
(() => {
  const page = window.parent;
  let count = 0;
  // What a diagram may not set for itself.
  const OURS = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering"];
  const STYLES = ["htmlLabels", "themeCSS", "fontFamily", "altFontFamily"];

  function configure({ colors, dark }) {
    window.mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      secure: [...OURS, ...STYLES],
      suppressErrorRendering: true,
      htmlLabels: false,
      maxTextSize: 50_000,
      look: "classic",
      theme: "base",
      fontFamily: "system-ui, sans-serif",
      flowchart: { htmlLabels: false, useMaxWidth: false },
      themeVariables: {
        darkMode: dark,
        background: colors.page,
        primaryColor: colors.node,
        secondaryColor: colors.group,
        tertiaryColor: colors.group,
        primaryBorderColor: colors.line,
        primaryTextColor: colors.text,
        secondaryTextColor: colors.text,
        tertiaryTextColor: colors.text,
        lineColor: colors.line,
        textColor: colors.text,
        edgeLabelBackground: colors.page,
        fontSize: "14px",
      },
    });
  }

  // An image has a size of its own only where its root says so.
  function sized(svg) {
    const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    const [, , width, height] = (root.getAttribute("viewBox") ?? "0 0 400 300").split(/[\s,]+/).map(Number);
    root.setAttribute("width", width);
    root.setAttribute("height", height);
    root.removeAttribute("style");
    return { svg: new XMLSerializer().serializeToString(root), width, height };
  }

  async function draw(wanted) {
    configure(wanted);
    try {
      const { svg } = await window.mermaid.render(`diagram-${(count += 1)}`, wanted.source);
      return sized(svg);
    } catch (error) {
      return { error: error instanceof Error ? error.message : "It can't be read." };
    }
  }

  window.addEventListener("message", async (event) => {
    if (event.source === page) page.postMessage(await draw(event.data), "*");
  });
  page.postMessage({ ready: "mermaid" in window }, "*");
})();
