extension HTMLReport {
    /// The page's style: light and dark by the reader's setting.
    static let style = """
        :root { color-scheme: light dark; --bg: #ffffff; --card: #f6f7f9; --text: #1c2128; --soft: #5b6472; --rule: #dfe3e8;
          --s0: #1f6feb; --s1: #d1570a; --s2: #1a7f37; --s3: #8250df; --s4: #b3278a; --s5: #4d6b78; --off: #e3e7ec; }
        @media (prefers-color-scheme: dark) { :root { --bg: #12161c; --card: #1b2129; --text: #e6eaf0; --soft: #9aa5b3; --rule: #313944;
          --s0: #6ea8fe; --s1: #ffa657; --s2: #5bd07a; --s3: #c9a3ff; --s4: #ff8ac9; --s5: #9fbccb; --off: #2b333e; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 1.7rem; margin: 0 0 12px; } h2 { font-size: 1.2rem; margin: 40px 0 8px; } h3 { margin: 0; font-size: 1rem; }
        .lead { font-size: 1.05rem; } .note, footer { color: var(--soft); font-size: .88rem; margin: 4px 0 12px; }
        footer { border-top: 1px solid var(--rule); margin-top: 48px; padding-top: 12px; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { padding: 7px 10px; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
        th:first-child, thead th { font-weight: 600; } th:first-child { text-align: left; } thead th { color: var(--soft); font-size: .82rem; white-space: normal; vertical-align: bottom; }
        table.sorts thead th { cursor: pointer; } rect.prob { fill: var(--s0); } rect.wrong { fill: var(--s1); } td img { image-rendering: pixelated; vertical-align: middle; }
        td.words { text-align: left; white-space: normal; min-width: 9em; }
        tr.best td:nth-child(2) { font-weight: 700; } small { color: var(--soft); }
        .cards { display: flex; flex-wrap: wrap; gap: 14px; } .card { background: var(--card); border-radius: 10px; padding: 14px 16px; max-width: 100%; overflow-x: auto; }
        figure { margin: 0; } figure svg { width: 100%; height: auto; max-height: 380px; }
        svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } .grid { stroke: var(--rule); }
        rect.on { fill: var(--s0); } rect.off { fill: var(--off); } rect.dead { fill: none; stroke: var(--off); }
        .line { fill: none; stroke-width: 2; } .dashed { stroke-dasharray: 5 4; } .dot { fill-opacity: .8; }
        polyline.s0 { stroke: var(--s0); } polyline.s1 { stroke: var(--s1); } polyline.s2 { stroke: var(--s2); }
        polyline.s3 { stroke: var(--s3); } polyline.s4 { stroke: var(--s4); } polyline.s5 { stroke: var(--s5); }
        circle.s0, .k0 { fill: var(--s0); background: var(--s0); } circle.s1, .k1 { fill: var(--s1); background: var(--s1); }
        circle.s2, .k2 { fill: var(--s2); background: var(--s2); } circle.s3, .k3 { fill: var(--s3); background: var(--s3); }
        circle.s4, .k4 { fill: var(--s4); background: var(--s4); } circle.s5, .k5 { fill: var(--s5); background: var(--s5); }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: .85rem; color: var(--soft); }
        .legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
        .legend i.dashed { opacity: .55; }
        details { border: 1px solid var(--rule); border-radius: 8px; padding: 8px 14px; margin: 8px 0; } summary { cursor: pointer; }
        pre { overflow-x: auto; background: var(--card); border-radius: 6px; padding: 10px 12px; font-size: .8rem; }
        """
}
