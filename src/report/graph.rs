//! The neighbourhood of a lead as GraphML (typed attributes; Gephi, yEd, Cytoscape) and DOT (Graphviz). The nodes and
//! edges are those of the link chart.

use std::fmt::Write as _;

use super::view::LinkChart;

/// GraphML, undirected, with kind, label and note on nodes and label and count on edges.
pub fn graphml(chart: &LinkChart) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
    for (id, element, ty) in [
        ("kind", "node", "string"),
        ("label", "node", "string"),
        ("note", "node", "string"),
        ("focus", "node", "boolean"),
        ("relation", "edge", "string"),
        ("count", "edge", "long"),
    ] {
        line(&mut out, format_args!("  <key id=\"{id}\" for=\"{element}\" attr.name=\"{id}\" attr.type=\"{ty}\"/>"));
    }
    line(&mut out, format_args!("  <graph id=\"lead\" edgedefault=\"undirected\">"));
    for (i, node) in chart.nodes.iter().enumerate() {
        line(
            &mut out,
            format_args!(
                "    <node id=\"n{i}\"><data key=\"kind\">{}</data><data key=\"label\">{}</data><data key=\"note\">{}</data><data key=\"focus\">{}</data></node>",
                xml(&node.kind),
                xml(&node.value),
                xml(&node.note.zh),
                node.focus
            ),
        );
    }
    for (i, edge) in chart.edges.iter().enumerate() {
        line(
            &mut out,
            format_args!(
                "    <edge id=\"e{i}\" source=\"n{}\" target=\"n{}\"><data key=\"relation\">{}</data><data key=\"count\">{}</data></edge>",
                edge.from,
                edge.to,
                xml(&edge.label().zh),
                edge.count
            ),
        );
    }
    out.push_str("  </graph>\n</graphml>\n");
    out
}

/// DOT, drawn from left to right.
pub fn dot(chart: &LinkChart) -> String {
    let mut out = String::from("graph lead {\n  rankdir=LR;\n  node [shape=box, fontname=\"Noto Sans CJK SC\"];\n");
    for (i, node) in chart.nodes.iter().enumerate() {
        let shape = match node.kind.as_str() {
            "case" => "folder",
            "person" => "ellipse",
            _ => "box",
        };
        let pen = if node.focus { 2 } else { 1 };
        line(
            &mut out,
            format_args!("  n{i} [label={}, shape={shape}, penwidth={pen}];", quoted(&format!("{}\n{}", node.value, node.note.zh))),
        );
    }
    for edge in &chart.edges {
        let label = edge.label().zh;
        let label = if edge.count > 0 { format!("{label} {}", edge.count) } else { label };
        line(&mut out, format_args!("  n{} -- n{} [label={}];", edge.from, edge.to, quoted(&label)));
    }
    out.push_str("}\n");
    out
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    writeln!(out, "{text}").expect("writing to a string does not fail");
}

/// Escaped for XML; control characters, which XML 1.0 cannot hold, become spaces.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use crate::report::fixture;

    #[test]
    fn graph_files_hold_every_node_and_edge_and_escape_names() {
        let report = fixture::disclosed();
        let chart = report.leads[0].chart.as_ref().unwrap();
        let (graphml, dot) = (super::graphml(chart), super::dot(chart));
        assert_eq!(graphml.matches("<node ").count(), chart.nodes.len());
        assert_eq!(graphml.matches("<edge ").count(), chart.edges.len());
        assert_eq!(dot.matches(" -- ").count(), chart.edges.len());
        assert_eq!(super::xml("<a&\"b\">\u{1}"), "&lt;a&amp;&quot;b&quot;&gt; ");
        assert_eq!(super::quoted("a\"b\\"), "\"a\\\"b\\\\\"");
    }
}
