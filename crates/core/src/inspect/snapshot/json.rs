//! [`TasksJson`]: a snapshot as a JSON document, for other programs.

use std::{collections::HashMap, fmt, panic::Location, sync::Arc, time::Duration};

use super::{
    json_text::{JsonText, list, or_null},
    tasks::{
        EndInfo, ObjectInfo, TakenInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor,
    },
    watched_info::WatchedInfo,
};

/// A snapshot as a JSON document. Made by [`Tasks::json`].
///
/// `docs/tasks.md` describes its fields. A field that is not known is `null`.
#[derive(Clone, Debug)]
pub struct TasksJson<'a> {
    tasks: &'a Tasks,
}

impl TasksJson<'_> {
    /// The version of the document. It grows when a field changes its meaning or is removed. New
    /// fields do not change it.
    pub const VERSION: u32 = 1;
}

impl Tasks {
    /// Returns the tasks as a JSON document of one line, with all that is known about them.
    ///
    /// ```
    /// use quadrivium::prelude::*;
    /// use std::time::Duration;
    ///
    /// let mut event_loop = EventLoop::with_virtual_clock()?;
    /// let _sleeps = event_loop.spawn_named("sleeps", sleep(Duration::from_secs(9)));
    /// event_loop.turn()?;
    /// let json = event_loop.tasks().json().to_string();
    /// assert!(json.starts_with(r#"{"version":1,"tasks":[{"id":1,"name":"sleeps","#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn json(&self) -> TasksJson<'_> {
        TasksJson { tasks: self }
    }
}

/// The places of the objects in the document, by their addresses.
type ObjectPlaces = HashMap<*const ObjectInfo, usize>;

impl fmt::Display for TasksJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut objects, mut places) = (Vec::new(), ObjectPlaces::new());
        for task in &self.tasks.tasks {
            if let TaskState::Waiting(WaitInfo { object: WaitedFor::Object(object), .. }) =
                &task.state
            {
                places.entry(Arc::as_ptr(object)).or_insert_with(|| {
                    objects.push(&**object);
                    objects.len() - 1
                });
            }
        }
        let tasks = list(&self.tasks.tasks, |task| task_json(task, &places));
        let objects = list(&objects, |object| object_json(object));
        let cycles = self.tasks.cycles();
        let cycles = list(&cycles, |cycle| {
            let ids: Vec<_> = cycle.tasks().map(|id| id.0).collect();
            fmt::from_fn(move |f| list(&ids, |id| *id).fmt(f))
        });
        let version = Self::VERSION;
        write!(
            f,
            r#"{{"version":{version},"tasks":{tasks},"objects":{objects},"cycles":{cycles}}}"#
        )
    }
}

fn task_json<'a>(task: &'a TaskInfo, places: &'a ObjectPlaces) -> impl fmt::Display + 'a {
    fmt::from_fn(move |f| {
        let (state, wait) = match &task.state {
            TaskState::Ready => ("ready", None),
            TaskState::Running => ("running", None),
            TaskState::Waiting(wait) => ("waiting", Some(wait)),
        };
        write!(f, r#"{{"id":{},"name":{}"#, task.label.id.0, text(task.label.name.as_deref()))?;
        write!(f, r#","style":"{}","spawned_at":{}"#, task.style, line(task.label.spawned_at))?;
        write!(f, r#","state":"{state}""#)?;
        write!(f, r#","wait":{}"#, or_null(wait.map(|wait| wait_json(wait, places))))?;
        write!(f, r#","watched":{}}}"#, or_null(task.watched.as_ref().map(watched_json)))
    })
}

fn wait_json<'a>(wait: &'a WaitInfo, places: &'a ObjectPlaces) -> impl fmt::Display + 'a {
    fmt::from_fn(move |f| {
        write!(f, r#"{{"leaf":"{}","text":{}"#, wait.kind, JsonText(&wait.to_string()))?;
        write!(f, r#","line":{}"#, or_null(wait.line.map(line)))?;
        match &wait.object {
            WaitedFor::Nothing => {}
            WaitedFor::Task(task) => write!(f, r#","task":{}"#, TaskJson(task))?,
            WaitedFor::Descriptor(number) => write!(f, r#","descriptor":{number}"#)?,
            WaitedFor::Parts(left) => write!(f, r#","parts":{left}"#)?,
            WaitedFor::Object(object) => {
                write!(f, r#","object":{}"#, places[&Arc::as_ptr(object)])?;
            }
        }
        write!(f, r#","deadline_ns":{}"#, or_null(wait.deadline.as_ref().map(Duration::as_nanos)))?;
        write!(f, r#","one_of_several":{}}}"#, wait.is_one_of_several)
    })
}

fn watched_json(watched: &WatchedInfo) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let (since, longest) = (watched.since.as_nanos(), watched.longest_step.as_nanos());
        write!(f, r#"{{"since_ns":{since},"steps":{}"#, watched.steps)?;
        write!(f, r#","longest_step_ns":{longest}"#)?;
        write!(f, r#","parent":{}"#, or_null(watched.parent.as_ref().map(TaskJson)))?;
        write!(f, r#","since_its_spawn":{}}}"#, watched.since_its_spawn)
    })
}

fn object_json(object: &ObjectInfo) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        write!(f, r#"{{"kind":"{}","number":{}"#, object.kind, object.number)?;
        write!(
            f,
            r#","name":{},"made_at":{}"#,
            text(object.name.as_deref()),
            line(object.made_at)
        )?;
        write!(f, r#","taken":{}"#, list(&object.taken, taken_json))?;
        write!(f, r#","stalled_by":{}"#, or_null(object.stalled_by.as_ref().map(taken_json)))?;
        if object.kind.has_ends() {
            write!(f, r#","senders":{}"#, end_json(&object.senders))?;
            write!(f, r#","receivers":{}"#, end_json(&object.receivers))?;
        }
        f.write_str("}")
    })
}

fn taken_json(taken: &TakenInfo) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| write!(f, r#"{{"by":{},"line":{}}}"#, TaskJson(&taken.by), line(taken.line)))
}

fn end_json(end: &EndInfo) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        let last = or_null(end.last_used_by.as_ref().map(TaskJson));
        write!(f, r#"{{"count":{},"last_used_by":{last}}}"#, end.count)
    })
}

/// A task is its number. Other text stands for code that is no task of this host.
struct TaskJson<'a>(&'a TaskRef);

impl fmt::Display for TaskJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TaskRef::Task(id, _) => id.0.fmt(f),
            TaskRef::Ended => f.write_str(r#""ended""#),
            TaskRef::Elsewhere => f.write_str(r#""elsewhere""#),
            TaskRef::NoTask => f.write_str(r#""no task""#),
        }
    }
}

fn text(text: Option<&str>) -> impl fmt::Display + '_ {
    or_null(text.map(JsonText))
}

fn line(line: &'static Location<'static>) -> impl fmt::Display {
    fmt::from_fn(|f| {
        let (number, column) = (line.line(), line.column());
        write!(f, r#"{{"file":{},"line":{number},"column":{column}}}"#, JsonText(line.file()))
    })
}
