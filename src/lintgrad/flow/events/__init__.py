"""The event types: what a training step does, in the order it is evaluated.

An event names places (access paths such as `self.optimizer`), never objects; which optimizer an
event concerns is decided against the places and owners in the flow graph it stands in.
"""

from lintgrad.flow.events.calls import (
    Awaited,
    Called,
    Dispatched,
    Doubt,
    Escape,
    MayBackward,
)
from lintgrad.flow.events.gradients import (
    UNKNOWN_OWNERS,
    Backward,
    Build,
    Differentiate,
    GradAssign,
    Owners,
    Restore,
    Scaler,
    Step,
    ZeroGrad,
)
from lintgrad.flow.events.places import Assign, Change, Rebind
from lintgrad.flow.events.scaling import Clip, ScalerUpdate, Unscale
from lintgrad.flow.events.steps import (
    Given,
    NamedOnly,
    Replace,
    SchedulerBuild,
    SchedulerStep,
    StepCall,
    Unheld,
)
from lintgrad.flow.events.syncing import Forward, SyncMode
from lintgrad.flow.events.values import (
    Consumed,
    Exhaustible,
    GradRead,
    Graph,
    GraphUsed,
    Leaf,
    LeafRenewed,
    Saved,
    Slipped,
    WeightsUsed,
)

__all__ = [
    "GRADIENT_EVENTS",
    "LEAVES_GRADIENTS",
    "UNKNOWN_OWNERS",
    "Assign",
    "Awaited",
    "Backward",
    "Build",
    "Called",
    "Change",
    "Clip",
    "Consumed",
    "Differentiate",
    "Dispatched",
    "Doubt",
    "Escape",
    "Event",
    "Exhaustible",
    "Forward",
    "Given",
    "GradAssign",
    "GradRead",
    "Graph",
    "GraphUsed",
    "Leaf",
    "LeafRenewed",
    "MayBackward",
    "NamedOnly",
    "Owners",
    "Rebind",
    "Replace",
    "Restore",
    "Saved",
    "Scaler",
    "ScalerUpdate",
    "SchedulerBuild",
    "SchedulerStep",
    "Slipped",
    "Step",
    "StepCall",
    "SyncMode",
    "Unheld",
    "Unscale",
    "WeightsUsed",
    "ZeroGrad",
]

Event = (
    Backward
    | Differentiate
    | Step
    | ZeroGrad
    | GradAssign
    | Restore
    | Build
    | Called
    | Dispatched
    | Awaited
    | Escape
    | MayBackward
    | NamedOnly
    | SchedulerStep
    | SchedulerBuild
    | StepCall
    | Replace
    | Unheld
    | Assign
    | Change
    | Rebind
    | Clip
    | Unscale
    | ScalerUpdate
    | Slipped
    | Consumed
    | GradRead
    | LeafRenewed
    | GraphUsed
    | WeightsUsed
    | Forward
    | SyncMode
)

GRADIENT_EVENTS = (
    Backward,
    Step,
    ZeroGrad,
    GradAssign,
    Called,
    Dispatched,
    Clip,
    Unscale,
    ScalerUpdate,
    SyncMode,
)
"""The events that a guard is worth deciding for."""

LEAVES_GRADIENTS = (
    Clip,
    Forward,
    MayBackward,
    Replace,
    Restore,
    ScalerUpdate,
    SchedulerBuild,
    SchedulerStep,
    StepCall,
    SyncMode,
    Unheld,
    Unscale,
)
"""The events that change no gradients themselves."""
