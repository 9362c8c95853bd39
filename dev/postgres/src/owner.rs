use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// Who runs the server: PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner(Option<(u32, u32)>);

impl Owner {
    /// This user, or an unprivileged one when this user is root.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let is_root = std::fs::metadata("/proc/self")
            .context("/proc/self: cannot be read")?
            .uid()
            == 0;
        if !is_root {
            return Ok(Self(None));
        }
        let users =
            std::fs::read_to_string("/etc/passwd").context("/etc/passwd: cannot be read")?;
        let ids = ["postgres", "nobody"]
            .iter()
            .find_map(|name| ids_of(&users, name));
        Ok(Self(Some(ids.context(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody",
        )?)))
    }

    pub(crate) fn give(self, folder: &Path) -> anyhow::Result<()> {
        let Some((user, group)) = self.0 else {
            return Ok(());
        };
        chown(folder, Some(user), Some(group))
            .with_context(|| format!("{}: cannot be given away", folder.display()))
    }

    pub(crate) fn run(self, command: &mut Command) -> &mut Command {
        match self.0 {
            Some((user, group)) => command.uid(user).gid(group),
            None => command,
        }
    }
}

fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let mut ids = fields.skip(1).map_while(|id| id.parse().ok());
        Some((ids.next()?, ids.next()?))
    })
}
