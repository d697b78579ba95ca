//! A template without a row: whether every row has what it names, and the header of its columns.
//!
//! The template is run over a row whose values are their own names, as Docker runs it over one of headers.
//! Other than there a condition takes the branch that names a field: `{{if eq .State "on"}}` holds for no name.

use gotmpl::parse::{
    BranchNode, CommandNode, DefineNode, Expr, ListNode, Node, PipeNode, SmolStr, TemplateNode,
};

use super::fields::Kind;
use super::functions::{by_verb, callable};

/// So deep templates may call each other; what goes on is not looked at further.
const MAX_DEPTH: u8 = 8;

/// So many nodes of templates that are called are looked at, in all: of one that calls itself several times the
/// calls grow exponentially with the depth.
const MAX_CALLED: u32 = 10_000;

/// What stands for a value.
#[derive(Clone, Debug, Default)]
struct Sample {
    /// The field it is of, as `Attachment.State`, or those it is made from; empty where there is none.
    name: String,
    kind: Kind,
}

impl Sample {
    fn field(&self, fields: &[SmolStr]) -> Result<Self, String> {
        let mut sample = self.clone();
        for field in fields {
            sample.kind = sample.kind.field(field)?;
            if !sample.name.is_empty() {
                sample.name.push('.');
            }
            sample.name.push_str(field);
        }
        Ok(sample)
    }

    fn item(&self) -> Self {
        Self { name: self.name.clone(), kind: self.kind.item() }
    }
}

/// What a branch makes of what is asked.
#[derive(Clone, Copy, Debug)]
enum Branch {
    If,
    With,
    Range,
}

/// What a part of a template prints.
#[derive(Debug, Default)]
struct Printed {
    text: String,
    /// Whether a field is named in it.
    names: bool,
    /// Whether it prints anything, be it without a name: an assignment does not.
    prints: bool,
}

/// The header of a template whose rows are objects of that kind.
///
/// # Errors
/// What it asks for that no row has, or what cannot be called.
pub(super) fn header(body: &ListNode, defines: &[DefineNode], row: Kind) -> Result<String, String> {
    let root = Sample { name: String::new(), kind: row };
    let mut run =
        Run { defines, root: root.clone(), variables: Vec::new(), depth: 0, called: MAX_CALLED };
    Ok(run.list(body, &root)?.text)
}

struct Run<'a> {
    defines: &'a [DefineNode],
    root: Sample,
    variables: Vec<(SmolStr, Sample)>,
    depth: u8,
    /// How many more nodes of called templates are looked at.
    called: u32,
}

impl Run<'_> {
    /// A block: its variables are gone after it.
    fn list(&mut self, list: &ListNode, dot: &Sample) -> Result<Printed, String> {
        let known = self.variables.len();
        let mut all = Printed::default();
        for node in &list.nodes {
            let printed = self.node(node, dot)?;
            all.text.push_str(&printed.text);
            all.names |= printed.names;
            all.prints |= printed.prints;
        }
        self.variables.truncate(known);
        Ok(all)
    }

    fn node(&mut self, node: &Node, dot: &Sample) -> Result<Printed, String> {
        if self.depth > 0 {
            let Some(left) = self.called.checked_sub(1) else { return Ok(Printed::default()) };
            self.called = left;
        }
        match node {
            Node::List(list) => self.list(list, dot),
            Node::Text(text) => {
                let prints = !text.text.trim().is_empty();
                Ok(Printed { text: text.text.to_string(), names: false, prints })
            }
            Node::Action(action) => {
                let sample = self.pipe(&action.pipe, dot)?;
                let is_told = action.pipe.decl.is_empty();
                Ok(if is_told { printed(&sample) } else { Printed::default() })
            }
            Node::If(branch) => self.branch(branch, dot, Branch::If),
            Node::With(branch) => self.branch(branch, dot, Branch::With),
            Node::Range(branch) => self.branch(branch, dot, Branch::Range),
            Node::Template(call) => self.call(call, dot),
            Node::Define(_) | Node::Break(_) | Node::Continue(_) => Ok(Printed::default()),
        }
    }

    /// The body where it names a field, or the other one where that does, or what is asked. What prints nothing
    /// has no header.
    fn branch(
        &mut self,
        branch: &BranchNode,
        dot: &Sample,
        kind: Branch,
    ) -> Result<Printed, String> {
        let known = self.variables.len();
        let asked = self.pipe(&branch.pipe, dot)?;
        let inside = match kind {
            Branch::If => dot.clone(),
            Branch::With => asked.clone(),
            Branch::Range => {
                // Of `$index, $value := range` the second one is what is in the list.
                if let [before @ .., value] = branch.pipe.decl.as_slice() {
                    let is_assign = branch.pipe.is_assign;
                    for index in before {
                        self.set(index, &Sample::default(), is_assign)?;
                    }
                    self.set(value, &asked.item(), is_assign)?;
                }
                asked.item()
            }
        };
        let body = self.list(&branch.body, &inside)?;
        self.variables.truncate(known);
        let otherwise = match &branch.else_body {
            Some(list) => self.list(list, dot)?,
            None => Printed::default(),
        };
        Ok(if body.names {
            body
        } else if otherwise.names {
            otherwise
        } else if body.prints || otherwise.prints {
            printed(&asked)
        } else {
            Printed::default()
        })
    }

    fn call(&mut self, call: &TemplateNode, dot: &Sample) -> Result<Printed, String> {
        let inner = match &call.pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Sample::default(),
        };
        let Some(define) = self.defines.iter().find(|define| define.name == call.name) else {
            return Err(format!("there is no template {:?}", call.name.as_str()));
        };
        if self.depth >= MAX_DEPTH {
            return Ok(Printed::default());
        }
        // It sees none of the variables, and $ is what it was given.
        let variables = std::mem::take(&mut self.variables);
        let root = std::mem::replace(&mut self.root, inner.clone());
        self.depth += 1;
        let printed = self.list(&define.body, &inner);
        self.depth -= 1;
        (self.root, self.variables) = (root, variables);
        printed
    }

    fn pipe(&mut self, pipe: &PipeNode, dot: &Sample) -> Result<Sample, String> {
        let mut piped = None;
        for command in &pipe.commands {
            piped = Some(self.command(command, dot, piped)?);
        }
        let sample = piped.unwrap_or_default();
        for variable in &pipe.decl {
            self.set(variable, &sample, pipe.is_assign)?;
        }
        Ok(sample)
    }

    /// Declares a variable, or assigns to one that there is. Whether a row comes by the assignment is not known:
    /// the variable may be what it was before, too.
    fn set(&mut self, name: &SmolStr, sample: &Sample, is_assign: bool) -> Result<(), String> {
        if !is_assign {
            self.variables.push((name.clone(), sample.clone()));
            return Ok(());
        }
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        let (_, known) = known.ok_or_else(|| no_variable(name))?;
        if known.kind != sample.kind {
            known.kind = Kind::default();
        }
        if !sample.name.is_empty() {
            known.name.clone_from(&sample.name);
        }
        Ok(())
    }

    fn command(
        &mut self,
        command: &CommandNode,
        dot: &Sample,
        piped: Option<Sample>,
    ) -> Result<Sample, String> {
        let Some((first, rest)) = command.args.split_first() else { return Ok(Sample::default()) };
        let (name, fields) = match first {
            Expr::Identifier(_, name) => (name, &[][..]),
            Expr::Chain(_, inner, fields) => match inner.as_ref() {
                Expr::Identifier(_, name) => (name, fields.as_slice()),
                _ => return self.value(first, dot),
            },
            _ => return self.value(first, dot),
        };
        let mut args =
            rest.iter().map(|arg| self.value(arg, dot)).collect::<Result<Vec<_>, _>>()?;
        args.extend(piped);
        callable(name, args.len())?;
        let format = match (name.as_str(), rest.first()) {
            ("printf", Some(Expr::String(_, format))) => Some(format.as_ref()),
            _ => None,
        };
        made_by(name, format, &args).field(fields)
    }

    fn value(&mut self, expr: &Expr, dot: &Sample) -> Result<Sample, String> {
        match expr {
            Expr::Dot(_) => Ok(dot.clone()),
            Expr::Field(_, fields) => dot.field(fields),
            Expr::Variable(_, name, fields) if name == "$" => self.root.field(fields),
            Expr::Variable(_, name, fields) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.ok_or_else(|| no_variable(name))?.1.field(fields)
            }
            Expr::Identifier(_, name) => callable(name, 0).map(|()| Sample::default()),
            Expr::Pipe(_, pipe) => self.pipe(pipe, dot),
            Expr::Chain(_, inner, fields) => self.value(inner, dot)?.field(fields),
            Expr::String(..) | Expr::Number(..) | Expr::Bool(..) | Expr::Nil(_) => {
                Ok(Sample::default())
            }
        }
    }
}

fn no_variable(name: &str) -> String {
    format!("there is no variable {name}")
}

fn printed(sample: &Sample) -> Printed {
    Printed { text: sample.name.to_uppercase(), names: !sample.name.is_empty(), prints: true }
}

/// What a function makes of these: functions leave names as they are.
fn made_by(function: &str, format: Option<&str>, args: &[Sample]) -> Sample {
    let mut named = args.iter().filter(|arg| !arg.name.is_empty());
    let first = args.first().cloned().unwrap_or_default();
    match (function, format) {
        ("index", _) => {
            let kind = args.iter().skip(1).fold(first.kind, |kind, _| kind.item());
            Sample { name: first.name, kind }
        }
        ("slice", _) => first,
        (_, Some(format)) => {
            let arg = |at: usize| args.iter().skip(1).nth(at);
            let name =
                by_verb(format, |_, at| arg(at).map(|arg| arg.name.clone()).unwrap_or_default());
            Sample { name, kind: Kind::default() }
        }
        _ => {
            let mut name = named.next().map(|arg| arg.name.clone()).unwrap_or_default();
            for arg in named {
                name.push(' ');
                name.push_str(&arg.name);
            }
            Sample { name, kind: Kind::default() }
        }
    }
}
