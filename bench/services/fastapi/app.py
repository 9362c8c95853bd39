"""`GET` and `POST /api/tasks` in Python, in a service that verifies its own callers.

    uvicorn app:app    with the settings of settings.py in the environment
"""

import contextlib
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, StringConstraints

import downstream
import storage
from caller import Caller, verified_caller


class NewTask(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Task(BaseModel):
    id: int
    title: str
    completed: bool
    owner_name: str
    tenant_id: str
    version: int
    notification_status: str
    audit_status: str
    owner_id: str | None = None


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    async with storage.opened() as app.state.store, downstream.opened() as app.state.tell:
        yield


app = FastAPI(lifespan=lifespan)


def require_role(caller: Caller, *roles: str) -> None:
    if not set(roles) & set(caller.roles):
        raise HTTPException(403, f"needs one of {roles}, has {caller.roles}")


# With a declared response type Pydantic writes the JSON itself, FastAPI's fastest way.
@app.get("/api/tasks", response_model=list[Task], response_model_exclude_none=True)
async def list_tasks(caller: Annotated[Caller, Depends(verified_caller)]):
    require_role(caller, "Admin", "Editor", "Reader")
    is_admin = "Admin" in caller.roles
    return await app.state.store.list(caller.tenant_id, None if is_admin else caller.object_id)


@app.post("/api/tasks", status_code=201, response_model=Task, response_model_exclude_none=True)
async def create_task(new: NewTask, caller: Annotated[Caller, Depends(verified_caller)]):
    require_role(caller, "Admin", "Editor")
    task = await app.state.store.create(caller, new.title)
    notification, audit = await app.state.tell(caller, task)
    await app.state.store.told(task["id"], notification, audit)
    return task | {"notification_status": notification, "audit_status": audit}
