//! Bugs of the values that belong to a task.

use super::Bug;

const HOST: &str = "crates/core/src/host/mod.rs";
const INHERITED: &str = "crates/core/src/task_values/inherited.rs";
const PROVIDED: &str = "crates/core/src/task_values/provided.rs";
const VISIBLE: &str = "crates/core/src/task_values/visible.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "value-seen-by-the-next-task",
        harm: "a task logs the request of the task that ran before it",
        file: VISIBLE,
        find: "RANGE.set(self.outer);\n        cut(self.outer.end);",
        replace: "",
    },
    Bug {
        name: "value-seen-by-tasks-of-another-loop",
        harm: "the destructors of a cancelled task see the values of the task that cancels it",
        file: HOST,
        find: "visible::hide()",
        replace: "{ let hidden = visible::hide(); visible::restore(&hidden); hidden }",
    },
    Bug {
        name: "values-of-a-task-stay-hidden",
        harm: "after a task has cancelled another one, it does not see its own values",
        file: HOST,
        find: "visible::restore(&self.values);",
        replace: "_ = &self.values;",
    },
    Bug {
        name: "value-not-inherited",
        harm: "a child does not know the request that it works for",
        file: "crates/core/src/join_handle.rs",
        find: "if visible::has_inherited() {",
        replace: "if false {",
    },
    Bug {
        name: "value-not-inherited-on-another-loop",
        harm: "a task that is handed to another thread does not know the request that it works for",
        file: "crates/hosts/event-loop/src/threads/spawner.rs",
        find: "InheritedValues::current();",
        replace: "None;",
    },
    Bug {
        name: "value-of-the-outer-task-wins",
        harm: "a value that was replaced for a child is the old one there",
        file: VISIBLE,
        find: "Some(inner) => inner.around(outer),",
        replace: "Some(inner) => outer.around(&inner),",
    },
    Bug {
        name: "destructors-without-values",
        harm: "the destructors of a cancelled task do not know its request",
        file: PROVIDED,
        find: "let _shown = show(this.values.entry());\n                this.task.set(None);",
        replace: "this.task.set(None);",
    },
    Bug {
        name: "destructors-of-a-child-without-values",
        harm: "the destructors of a cancelled child do not know its request",
        file: INHERITED,
        find: "let _shown = self.values.as_ref().map(|values| show(values.entry()));\n        \
               self.task = None;",
        replace: "self.task = None;",
    },
    Bug {
        name: "inherited-value-kept-with-the-output",
        harm: "the values of a request are kept until the output of its last task is read",
        file: INHERITED,
        find: "self.values = None;",
        replace: "",
    },
];
