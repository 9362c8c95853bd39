use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// The user that runs the server, because PostgreSQL does not run as root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner(Option<(u32, u32)>);

impl Owner {
    /// Chooses the current user, or an unprivileged one if the current user is root.
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
            "PostgreSQL does not run as root, and /etc/passwd has no user postgres or nobody",
        )?)))
    }

    pub(crate) fn give(self, folder: &Path) -> anyhow::Result<()> {
        let Some((user, group)) = self.0 else {
            return Ok(());
        };
        chown(folder, Some(user), Some(group))
            .with_context(|| format!("{}: the owner cannot be changed", folder.display()))
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
