//! [`ProgramPage`]: the HTML file, with its data, its script and its style sheet in one.

use quadrivium_examples::{programs::Program, styles::StyleName};
use serde_json::{Value, json};

use crate::{
    comparison::Comparison,
    encoding::Encoder,
    order::{MOST_ORDERS, RunOrder},
    source,
};

/// The version of the data in a page. The script refuses other versions.
pub const SCHEMA: u32 = 1;

/// A page shows the orders of this many seeds.
const SEEDS: u64 = 8;

const TEMPLATE: &str = include_str!("../page/page.html");
const STYLE_SHEET: &str = include_str!("../page/page.css");
/// In the order in which they are executed.
const SCRIPTS: [&str; 8] = [
    include_str!("../page/model.js"),
    include_str!("../page/words.js"),
    include_str!("../page/elements.js"),
    include_str!("../page/sources.js"),
    include_str!("../page/lanes.js"),
    include_str!("../page/panels.js"),
    include_str!("../page/guess.js"),
    include_str!("../page/main.js"),
];

/// A page to be made.
#[derive(Clone, Debug)]
pub struct ProgramPage {
    program: Program,
    orders: Vec<RunOrder>,
    /// The index of the order that is shown first.
    shown: usize,
    has_all_orders: bool,
    is_served: bool,
}

impl ProgramPage {
    /// Returns a page with these orders: first in first out, eight seeds, and all orders if there
    /// are at most [`MOST_ORDERS`].
    pub fn new(program: Program) -> Self {
        let all = RunOrder::all_of(program);
        let mut page = Self::with_orders(program, vec![RunOrder::Fifo]);
        page.has_all_orders = all.is_some();
        page.orders.extend((0..SEEDS).map(RunOrder::Seed));
        page.orders.extend(all.into_iter().flatten());
        page
    }

    /// Returns a page with these orders. The first one is shown first.
    pub fn with_orders(program: Program, orders: Vec<RunOrder>) -> Self {
        Self { program, orders, shown: 0, has_all_orders: false, is_served: false }
    }

    /// Shows this order first.
    #[must_use]
    pub fn showing(mut self, order: RunOrder) -> Self {
        let found = self.orders.iter().position(|it| *it == order);
        self.shown = found.unwrap_or_else(|| {
            self.orders.push(order);
            self.orders.len() - 1
        });
        self
    }

    /// Adds a form that asks the server of the page for another order.
    #[must_use]
    pub fn served(mut self) -> Self {
        self.is_served = true;
        self
    }

    /// Runs the program in each order in all four styles, and makes the page.
    ///
    /// # Errors
    ///
    /// One line, when a run fails.
    pub fn html(&self) -> Result<String, String> {
        let data = serde_json::to_string(&self.data()?).expect("the data has no odd keys");
        // The text of a script ends at the first `</`, also inside of a string.
        let data = data.replace("</", "<\\/");
        let form_action = if self.is_served { "'self'" } else { "'none'" };
        let title = format!("{}, step by step", self.program.name);
        let parts = [
            ("{form-action}", form_action),
            ("{title}", title.as_str()),
            ("{style sheet}", STYLE_SHEET),
            ("{script}", &SCRIPTS.join("\n")),
            // Last, because the sources in it may contain any text.
            ("{data}", &data),
        ];
        Ok(parts
            .iter()
            .fold(TEMPLATE.to_string(), |page, (name, part)| page.replacen(name, part, 1)))
    }

    fn data(&self) -> Result<Value, String> {
        let Program { name, text, .. } = self.program;
        let mut encoder = Encoder::new(self.program);
        let mut runs = Vec::new();
        for order in &self.orders {
            runs.push(encoder.run(&Comparison::new(self.program, order.clone())?));
        }
        let sources = text.styles.map(|source| source.lines().collect::<Vec<_>>());
        Ok(json!({
            "schema": SCHEMA,
            "program": name,
            "about": source::about(text.main),
            "styles": StyleName::ALL.map(StyleName::name),
            "sources": sources,
            "shared": text.shared.lines().collect::<Vec<_>>(),
            "rows": source::rows(&text.styles),
            "runs": runs,
            "tables": encoder.tables,
            "shown": self.shown,
            "allOrders": self.has_all_orders,
            "mostOrders": MOST_ORDERS,
            "served": self.is_served,
        }))
    }
}
