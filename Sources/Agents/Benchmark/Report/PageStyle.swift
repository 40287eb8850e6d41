/// The frame that pages of results share: one file, no script, nothing from the network, light and dark.
enum PageStyle {
  /// Colours that stay apart for people who see fewer of them (Okabe and Ito, 2008, darkened for text).
  static let colours = 8

  static func page(title: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(Markup.escaped(title))</title>
    <style>
    \(colourSheet)
    \(sheet)
    \(drawingSheet)
    </style>
    </head>
    <body>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }

  private static let sheet = """
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    main { max-width: 1120px; margin: 0 auto; padding: 20px 16px 60px; }
    h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.4em 0 0.2em; }
    h2 { font-size: 1.15rem; margin: 2.2em 0 0.3em; }
    p { margin: 0.3em 0 0.8em; max-width: 75ch; }
    .soft, .ci { color: var(--soft); }
    .ci { font-size: 0.86em; white-space: nowrap; }
    .warn { background: var(--warn-back); color: var(--warn); border-radius: 8px; padding: 10px 14px; margin: 14px 0; }
    .warn p { margin: 0.2em 0; }
    .good { color: var(--good); } .bad { color: var(--bad); }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 14px;
      align-items: start; }
    .card { background: var(--card); border-radius: 10px; padding: 12px; min-width: 0; max-width: 560px; width: 100%; }
    svg { display: block; width: 100%; height: auto; font-family: inherit; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0.2em 0 0.8em; padding: 0; list-style: none; }
    .legend li { display: flex; align-items: center; gap: 7px; }
    .swatch { width: 18px; height: 10px; border-radius: 3px; background: currentColor; }
    .scroll { overflow-x: auto; margin: 0.4em 0 1em; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; min-width: 100%; }
    th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
    th { font-weight: 600; color: var(--soft); } th.name, td.name { text-align: left; }
    td.name:first-child { font-weight: 600; }
    details summary { cursor: pointer; color: var(--soft); margin: 0.6em 0; }
    code { font-size: 0.92em; background: var(--card); padding: 1px 5px; border-radius: 4px; }
    @media print { .card { break-inside: avoid; } }
    """

  private static let colourSheet = """
    :root { --paper: #fff; --card: #f7f7f5; --ink: #1d1f21; --soft: #63676c; --rule: #dcdcd7; --warn: #8a5a00;
      --warn-back: #fff4dc; --good: #0a7a4b; --bad: #b3261e;
      --c0: #0069a8; --c1: #c24e00; --c2: #008a63; --c3: #b04a8a; --c4: #a87400; --c5: #3a8fc7;
      --c6: #7a4fb5; --c7: #5c6166; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #15171a; --card: #1d2024; --ink: #e6e7e8; --soft: #9ba1a8; --rule: #34383d;
        --warn: #ffcf70; --warn-back: #2e2611; --good: #59d19a; --bad: #ff8f86;
        --c0: #5bb3ee; --c1: #ff9048; --c2: #3fd0a0; --c3: #e99ac6; --c4: #f2c14e; --c5: #9bd3f5;
        --c6: #b99af0; --c7: #aab0b7; }
    }
    """

  /// What the classes inside drawings mean.
  private static let drawingSheet = """
    .head { font-size: 13px; font-weight: 600; fill: var(--ink); }
    .tick, .label, .note, .row { font-size: 11px; fill: var(--soft); } .row { font-size: 12px; fill: var(--ink); }
    .label { font-size: 10.5px; }
    .grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
    .level { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 5 4; }
    .line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
    .band { fill: currentColor; fill-opacity: 0.17; stroke: none; }
    .bar { fill: currentColor; fill-opacity: 0.35; } .dot { fill: currentColor; }
    .thin { stroke-width: 1; stroke-opacity: 0.55; } .part { fill: currentColor; }
    .c0, .p0 { color: var(--c0); } .c1, .p1 { color: var(--c1); } .c2, .p2 { color: var(--c2); }
    .c3, .p3 { color: var(--c3); } .c4, .p4 { color: var(--c4); } .c5, .p5 { color: var(--c5); }
    .c6, .p6 { color: var(--c6); } .c7, .p7 { color: var(--c7); }
    """

  /// The style sheet of a drawing that stands alone.
  static let drawings =
    colourSheet
    + "\nsvg { font-family: system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif; }\n"
    + drawingSheet
}
