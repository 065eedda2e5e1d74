"""Runs the graphs of `vaelab.checks.student.trace` where no student's code has run.

Outputs, gradients, changed averages and the list of operations come from here, so that a
judge can believe them whatever the student's process has become. The graphs themselves,
and all that came with them, may have been made up by a hostile process. They are data:
bounded in size, checked operation by operation, and run in a session of their own, in a
grader in a sandbox that they have to themselves. A graph that is right on inputs which
its author has not seen is right, whoever wrote it.

Like the probe, this decides nothing and knows no expected value. `run` never raises (but
for a real Ctrl-C).

Steps (``request["json"]["steps"]``; each names a ``graph`` by number and an input ``x``):

``outputs``
    What the graph returns.
``redraw``
    The same, after every kernel was drawn anew from a seed.
``train``
    The same, and by how much each variable that all graphs read has ``changed``; then they
    are set back.
``gradients``
    Of each output (or of all together): the size by variable, and by pixel.
``operations``
    Convolutions, poolings and the like that the outputs are computed by; and what the graph
    returns with other kernels in the convolutions, drawn from a seed.
"""

import contextlib
import math

import numpy as np

from vaelab.checks.message import PROTOCOL
from vaelab.checks.student.describe import error_of, numbers, quiet
from vaelab.checks.student.trace import MAX_NUMBERS, MAX_VARIABLES

#: Bounds on what is read: graphs of one request, operations of one graph, captured tensors of one graph.
MAX_GRAPHS, MAX_OPERATIONS, MAX_CAPTURES = 8, 20_000, 1000

#: Outputs of one input may differ by so much of their spread, and are the same.
STEADY = 2e-5

#: No honest run of an encoder on some images takes longer, however busy the machine, in seconds.
PATIENCE = 60

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
VARIABLES = ("ReadVariableOp", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "ResourceGather")
LOOPS = ("If", "While", "StatelessIf", "StatelessWhile", "Case", "StatelessCase")
#: Operations with state that a model may have: these, and random ones, told by parts of their names.
STATEFUL = (*VARIABLES, *LOOPS, "CheckNumerics", "CheckNumericsV2")
RANDOM = ("Random", "Normal", "Uniform", "Multinomial", "Rng")
#: What TensorFlow does not list as having state, and yet reaches out of a graph.
REFUSED = {
    "PyFuncStateless",
    "DebugIdentity",
    "DebugIdentityV2",
    "DebugIdentityV3",
    "DebugNanCount",
    "DebugNumericSummary",
    "DebugNumericSummaryV2",
    "XlaCallModule",
    "XlaHostCompute",
}
#: These only speak or complain: left out.
SPEAKING = ("Assert", "Print", "PrintV2", "StringFormat")

REDUCTIONS = ("Mean", "Max", "Sum", "Min", "Prod")
POOLS = ("MaxPool", "MaxPoolV2", "AvgPool")
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
SAMPLERS = ("StridedSlice", "SpaceToDepth", "SpaceToBatchND", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeArea")


class Refused(Exception):
    """Why these graphs are not run: one sentence for the student."""


def run(request):
    """Rebuild the graphs in `request` and carry out its steps.

    Parameters
    ----------
    request : dict
        A message: what `vaelab.checks.student.trace` returned, with the judge's ``traces`` and ``steps``.

    Returns
    -------
    dict
        A message. ``json["status"]`` is "ok" or "refused" (with ``json["why"]``).
    """
    arrays = {}
    try:
        with quiet():
            body = {"status": "ok", **_replay(request["json"], request["arrays"], arrays)}
    except KeyboardInterrupt:
        raise
    except Refused as why:
        body, arrays = {"status": "refused", "why": str(why)}, {}
    except BaseException as error:
        told = error_of(error)
        body, arrays = (
            {
                "status": "refused",
                "why": f"The encoder's graph cannot be rebuilt ({told['type']}: {told['text'][:200]}).",
            },
            {},
        )
    return {"json": {"protocol": PROTOCOL, **body}, "arrays": arrays}


def _replay(asked, given, arrays):
    import tensorflow as tf

    if asked.get("protocol") != PROTOCOL:
        raise ValueError(f"this replay speaks protocol {PROTOCOL}")
    told = _take(asked, "graphs", list)
    if len(told) != len(asked["traces"]) or len(told) > MAX_GRAPHS:
        raise Refused("What came back is not in the form that was asked for.")
    with tf.Graph().as_default():
        variables = _Variables(_take(asked, "variables", list), given)
        graphs = [
            _Graph(i, graph, wanted["shape"], variables, given)
            for i, (graph, wanted) in enumerate(zip(told, asked["traces"]))
        ]
        for step in asked["steps"]:
            if step["do"] == "gradients":
                try:
                    graphs[step["graph"]].differentiate(variables, step.get("together", False))
                except Exception as error:
                    raise Refused(
                        f"There is no gradient through the encoder ({error_of(error)['text'][:200]})."
                    ) from None
        settings = tf.compat.v1.ConfigProto(device_count={"GPU": 0})  # the same everywhere
        settings.graph_options.optimizer_options.opt_level = -1
        settings.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(config=settings) as session:
            runner = _Runner(session, variables, graphs)
            results = []
            for i, step in enumerate(asked["steps"]):
                graph = graphs[step["graph"]]
                x = given[step["x"]].astype("float32")[: graph.x.shape[0]]
                try:
                    results.append(_STEPS[step["do"]](runner, graph, step, x, f"step{i}", arrays))
                except KeyboardInterrupt:
                    raise
                except tf.errors.DeadlineExceededError:
                    raise Refused(f"The encoder did not finish within {PATIENCE} s on a few images.") from None
                except BaseException as error:
                    results.append({"error": error_of(error)})
    return {"steps": results}


def _take(container, key, kind):
    """``container[key]`` if that is a `kind`; else what sent it is refused."""
    value = container.get(key) if type(container) is dict else None
    if type(value) is not kind:
        raise Refused("What came back of the encoder is not in the form that was asked for.")
    return value


# --- variables --------------------------------------------------------------------------


class _Variables:
    """The encoder's variables, rebuilt from descriptions that may lie."""

    def __init__(self, told, given):
        if len(told) > MAX_VARIABLES:
            raise Refused(f"The encoder has more than {MAX_VARIABLES} weights.")
        self.names, self.shapes, self.trainable, self.dtypes, self.values = [], [], [], [], []
        for one in told:
            shape, name, dtype = _take(one, "shape", list), _take(one, "name", str), _take(one, "dtype", str)
            if not all(type(n) is int and 0 <= n <= MAX_NUMBERS for n in shape) or len(shape) > 8:
                raise Refused("One of the encoder's weights has an impossible shape.")
            self.names.append(name)
            self.shapes.append(tuple(shape))
            self.trainable.append(_take(one, "trainable", bool))
            self.dtypes.append(_dtype(dtype))
            if sum(map(math.prod, self.shapes)) > MAX_NUMBERS:
                raise Refused(f"The encoder's weights hold more than {MAX_NUMBERS:,} numbers.")
            self.values.append(self._value(one.get("value"), shape, given))
        self.handles, self.fed, self.assigned, self.read = self._operations()
        self.floating = [i for i, dtype in enumerate(self.dtypes) if dtype.is_floating]

    def _operations(self):
        """Handles, placeholders, and what assigns them and reads; imported at once, as calls take ten times as long."""
        import tensorflow as tf

        graph_def, attribute = tf.compat.v1.GraphDef(), tf.compat.v1.AttrValue
        for i, (dtype, shape) in enumerate(zip(self.dtypes, self.shapes)):
            dtype, shape = attribute(type=dtype.as_datatype_enum), attribute(shape=tf.TensorShape(shape).as_proto())
            graph_def.node.add(
                name=f"handle{i}",
                op="VarHandleOp",
                attr={"dtype": dtype, "shape": shape, "shared_name": attribute(s=b"variable%d" % i)},
            )
            graph_def.node.add(name=f"fed{i}", op="Placeholder", attr={"dtype": dtype, "shape": shape})
            graph_def.node.add(
                name=f"assigned{i}", op="AssignVariableOp", input=[f"handle{i}", f"fed{i}"], attr={"dtype": dtype}
            )
            graph_def.node.add(name=f"read{i}", op="ReadVariableOp", input=[f"handle{i}"], attr={"dtype": dtype})
        number = range(len(self.shapes))
        names = [[f"{what}{i}" for i in number] for what in ("handle", "fed", "assigned", "read")]
        made = iter(
            tf.graph_util.import_graph_def(
                graph_def,
                return_elements=[name if row is names[2] else f"{name}:0" for row in names for name in row],
                name="variables",
            )
        )
        return [[next(made) for _ in number] for _ in names]

    def _value(self, name, shape, given):
        if name is None:
            return np.zeros(shape, "float32")  # of a kernel that the judge draws
        array = given.get(name) if type(name) is str else None
        if type(array) is not np.ndarray or list(array.shape) != shape or array.dtype.kind not in "biuf":
            raise Refused("One of the encoder's weights is not what its description says.")
        return array


def _dtype(name):
    """A type of numbers, by name."""
    import tensorflow as tf

    try:
        dtype = tf.as_dtype(name)
    except (TypeError, ValueError):
        dtype = tf.string
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise Refused("One of the encoder's weights holds no numbers.")
    return dtype


# --- graphs -----------------------------------------------------------------------------


class _Graph:
    """One graph, imported: ``x`` goes in, ``outputs`` come out."""

    def __init__(self, number, told, shape, variables, given):
        import tensorflow as tf

        self.told = _take(told, "output", dict)
        outputs = [_tensor_name(name) for name in _take(told, "outputs", list)]
        self.x = tf.compat.v1.placeholder(tf.float32, shape)
        stands_for = {_tensor_name(_take(told, "input", str)): self.x}
        captures = _take(told, "captures", list)
        if len(outputs) > 100 or len(captures) > MAX_CAPTURES:
            raise Refused("The encoder reads or returns too many tensors.")
        self.captured = set()
        for capture in captures:
            name = _tensor_name(_take(capture, "name", str))
            if "variable" in capture:
                i = _take(capture, "variable", int)
                if not 0 <= i < len(variables.handles):
                    raise Refused("The encoder reads a weight that it has not.")
                stands_for[name] = variables.handles[i]
                self.captured.add(i)
            else:
                array = given.get(_take(capture, "array", str))
                if type(array) is not np.ndarray or array.dtype.kind not in "biuf":
                    raise Refused("One of the encoder's constants is not what its description says.")
                stands_for[name] = tf.cast(tf.constant(array), _dtype(_take(capture, "dtype", str)))
        graph_def, outputs = _safe(given.get(_take(told, "graph", str)), outputs)
        self.changes = any(node.op.startswith("Assign") or node.op in LOOPS for node in graph_def.node)
        present = {node.name for node in graph_def.node}
        self.scope = f"graph{number}"
        self.outputs = (
            tf.graph_util.import_graph_def(
                graph_def,
                {name: tensor for name, tensor in stands_for.items() if name.partition(":")[0] in present},
                outputs,
                name=self.scope,
            )
            if outputs
            else []
        )
        self.plain = [tf.cast(t, tf.float32) if t.dtype == tf.bfloat16 else t for t in self.outputs]

    def differentiate(self, variables, together):
        """Make the gradients of each output (or of all together) by trainable variables and by ``x``; before any run."""
        import tensorflow as tf

        totals = [tf.reduce_sum(tf.square(tf.cast(t, tf.float32))) for t in self.outputs[:3] if t.dtype.is_floating]
        # Weights choose one of the outputs when the gradients are computed: their graph takes longer to make than to run.
        self.weights = [tf.compat.v1.placeholder(tf.float32, ()) for _ in totals]
        self.choices = [[1.0] * len(totals)] if together else np.eye(len(totals)).tolist()
        self.differentiated = [i for i in variables.floating if variables.trainable[i]]
        by = [*(variables.handles[i] for i in self.differentiated), self.x]
        found = tf.gradients(totals, by, grad_ys=self.weights) if totals else [None] * len(by)
        self.gradients = [None if g is None else tf.cast(tf.convert_to_tensor(g), tf.float32) for g in found]

    def describe(self, values, name, arrays):
        """What the judge reads of `values`: the structure that was told, with numbers of ours."""

        def filled(told, name, depth=0):
            kind = told.get("kind") if type(told) is dict else None
            if kind == "tensor":
                i = told.get("index")
                if type(i) is not int or not 0 <= i < len(values):
                    raise Refused("What came back of the encoder is not in the form that was asked for.")
                return numbers(np.asarray(values[i]), {"kind": "tensor"}, name, arrays)
            if kind == "list":
                items = told.get("items") if type(told.get("items")) is list and depth < 2 else []
                length = told.get("length")
                return {
                    "kind": "list",
                    "type": str(told.get("type"))[:80],
                    "length": length if type(length) is int else -1,
                    "items": [filled(item, f"{name}.{i}", depth + 1) for i, item in enumerate(items[:3])],
                }
            return {
                "kind": "none" if kind == "none" else "other",
                "type": str(told.get("type"))[:80] if kind else "nothing",
            }

        return filled(self.told, name)


def _tensor_name(name):
    if type(name) is not str or len(name) > 2000:
        raise Refused("What came back of the encoder is not in the form that was asked for.")
    return name if ":" in name else f"{name}:0"


def _safe(data, outputs):
    """The part of a serialised graph that computes `outputs`, without calls, with nothing that could do harm."""
    import tensorflow as tf

    if type(data) is not np.ndarray or data.dtype != np.uint8:
        raise Refused("The encoder's graph did not come back as bytes.")
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(data.tobytes())
    except Exception:
        raise Refused("The encoder's graph cannot be read.") from None
    nodes, instead = _without_calls(graph_def)
    outputs = [_resolved(name, instead) for name in outputs]
    nodes = _needed(nodes, outputs)
    safe = tf.compat.v1.GraphDef(versions=graph_def.versions)
    safe.node.extend(nodes)
    if any(node.op in LOOPS for node in nodes):
        _functions(safe).extend(_functions(graph_def))
    bodies = [node for function in _functions(safe) for node in function.node_def]
    if len(nodes) + len(bodies) > MAX_OPERATIONS:
        raise Refused(f"The encoder's graph has more than {MAX_OPERATIONS} operations.")
    for node in [*safe.node, *bodies]:
        _tame(node)
    return safe, outputs


def _functions(graph_def):
    """The functions that a graph brings along, to be called in it."""
    return getattr(graph_def, "library").function


def _needed(nodes, outputs):
    """Those of `nodes` that `outputs` depend on, in their order."""
    by_name, wanted, waiting = {node.name: node for node in nodes}, set(), [name.partition(":")[0] for name in outputs]
    while waiting:
        name = waiting.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            waiting += [source.lstrip("^").partition(":")[0] for source in by_name[name].input]
    return [node for node in nodes if node.name in wanted]


def _tame(node):
    """Refuse an operation that could do anything but compute; take away what cannot travel."""
    from tensorflow.python.framework import op_def_registry

    if node.op in SPEAKING:
        controls = [name for name in node.input if name.startswith("^")]
        if node.op == "Print":  # passes its first input on
            node.op, kept = "Identity", dict(node.attr)
            del node.input[1:]
            node.attr.clear()
            node.attr["T"].CopyFrom(kept["T"])
            node.input.extend(controls)
            return
        if node.op != "StringFormat":
            node.op = "NoOp"
            node.attr.clear()
            del node.input[:]
            node.input.extend(controls)
        return
    definition = op_def_registry.get(node.op)
    if definition is None:
        raise Refused(f"The encoder's graph has an operation that TensorFlow does not know: {node.op[:60]}.")
    reads_text = any(arg.type == 7 for arg in definition.input_arg)  # DT_STRING: names of files and the like
    harmless = not definition.is_stateful or node.op in STATEFUL or any(part in node.op for part in RANDOM)
    if node.op in REFUSED or reads_text or not harmless:
        raise Refused(
            f"The encoder's graph has an operation that no encoder needs, {node.op[:60]}: "
            "use layers, keras.ops and keras.random only."
        )
    node.device = ""
    for name in ("_gradient_op_type", "_class", "_XlaMustCompile"):  # own gradients live in the process that made them
        node.attr.pop(name, None)


def _without_calls(graph_def):
    """``(nodes, instead)``: calls of functions replaced by their bodies; which name stands for each output of a call."""
    import tensorflow as tf

    functions = {function.signature.name: function for function in _functions(graph_def)}
    done, instead, waiting = [], {}, list(graph_def.node)[::-1]
    while waiting:
        if len(done) + len(waiting) > MAX_OPERATIONS:
            raise Refused(f"The encoder's graph has more than {MAX_OPERATIONS} operations.")
        node = waiting.pop()
        function = functions.get(node.attr["f"].func.name if node.op in CALLS else node.op)
        if function is None:
            done.append(node)
            continue
        inside, results, last = _body(node, function)
        waiting += inside[::-1]
        instead.update({f"{node.name}:{i}": name for i, name in enumerate(results)})
        done.append(tf.compat.v1.NodeDef(name=node.name, op="NoOp", input=last))
    for node in done:
        node.input[:] = [name if name.startswith("^") else _resolved(name, instead) for name in node.input]
    return done, instead


def _resolved(name, instead):
    name = _tensor_name(name)
    for _ in range(len(instead) + 1):
        if name not in instead:
            return name
        name = _tensor_name(instead[name])
    raise Refused("The encoder's graph calls itself.")


def _body(call, function):
    """The nodes of `function` as `call` would run them, the names of its results, and its last nodes (as controls)."""
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    arguments = [name for name in call.input if not name.startswith("^")]
    before = [name for name in call.input if name.startswith("^")]
    given = dict(zip((arg.name for arg in function.signature.input_arg), arguments))
    inside = {node.name: node for node in function.node_def}

    def place(name):
        """A name of the function's (``node:output:number``) as one of the graph's."""
        control = name.startswith("^")
        first, *rest = name.lstrip("^").split(":")
        if first in given:
            return f"^{_tensor_name(given[first]).partition(':')[0]}" if control else given[first]
        if control or len(rest) < 2:
            return f"^{call.name}/{first}" if control else f"{call.name}/{first}:{rest[0] if rest else 0}"
        node, at = inside[first], 0
        for arg in op_def_registry.get(node.op).output_arg:
            if arg.name == rest[0]:
                break
            at += (
                node.attr[arg.number_attr].i
                if arg.number_attr
                else len(node.attr[arg.type_list_attr].list.type)
                if arg.type_list_attr
                else 1
            )
        return f"{call.name}/{first}:{at + int(rest[1])}"

    nodes = []
    for node in function.node_def:
        copy = tf.compat.v1.NodeDef()
        copy.CopyFrom(node)
        copy.name = f"{call.name}/{node.name}"
        copy.input[:] = [*map(place, node.input), *before]
        nodes.append(copy)
    results = [place(function.ret[arg.name]) for arg in function.signature.output_arg]
    last = {f"^{call.name}/{name}" for name in function.control_ret.values()}
    last |= {f"^{name.partition(':')[0]}" for name in results}
    return nodes, results, sorted(last)


# --- steps ------------------------------------------------------------------------------


class _Runner:
    """A session with the variables in it."""

    def __init__(self, session, variables, graphs):
        self.session, self.variables, self.graphs = session, variables, graphs
        self.options = _patient()
        self.assign(dict(enumerate(variables.values)))

    def assign(self, values):
        v = self.variables
        if values:
            self.session.run(
                [v.assigned[i] for i in values],
                {v.fed[i]: value.astype(v.dtypes[i].as_numpy_dtype) for i, value in values.items()},
            )

    def fetch(self, tensors, graph=None, x=None, others=()):
        """Values of `tensors`, for the images `x`; ``others`` are more placeholders with their values."""
        if not tensors:
            return []
        return self.session.run(tensors, {} if graph is None else {graph.x: x, **dict(others)}, options=self.options)

    def state(self):
        """The values of all variables, by number."""
        return dict(enumerate(self.fetch(self.variables.read)))


def _patient():
    import tensorflow as tf

    return tf.compat.v1.RunOptions(timeout_in_ms=1000 * PATIENCE)


def _step_outputs(runner, graph, step, x, name, arrays):
    """Twice, unless in training mode: what is random, or counts its calls, could pass for what depends on the weights."""
    if step.get("training"):
        return {"output": graph.describe(runner.fetch(graph.plain, graph, x), name, arrays)}
    before = runner.state() if graph.changes else {}
    outputs, again = (runner.fetch(graph.plain, graph, x) for _ in range(2))
    runner.assign(before)
    steady = all(
        np.allclose(a, b, rtol=0, atol=STEADY * float(np.ptp(a)), equal_nan=True) for a, b in zip(outputs, again)
    )
    return {"output": graph.describe(outputs, name, arrays), "steady": steady}


def _step_redraw(runner, graph, step, x, name, arrays):
    """Kernels are drawn `gain` times as large as usual; biases become zero."""
    v = runner.variables
    runner.assign({i: np.zeros(shape) for i, shape in enumerate(v.shapes) if v.trainable[i] and v.names[i] == "bias"})
    runner.assign(_drawn(v, step, range(len(v.shapes))))
    return _step_outputs(runner, graph, step, x, name, arrays)


def _drawn(v, step, which):
    """Values for those variables of `which` that are kernels, by number."""
    rng = np.random.default_rng(step["seed"])
    return {
        i: rng.normal(size=v.shapes[i]) * step["gain"] / max(1.0, float(np.prod(v.shapes[i][:-1]))) ** 0.5
        for i in which
        if v.trainable[i] and v.names[i] != "bias" and len(v.shapes[i]) >= 2
    }


def _step_train(runner, graph, step, x, name, arrays):
    """Of variables that only one of several graphs reads, a change is nobody's business."""
    before = runner.state()
    told = _step_outputs(runner, graph, step, x, name, arrays)
    after = runner.state()
    shared = [i for i in runner.variables.floating if all(i in other.captured for other in runner.graphs)]
    runner.assign(before)
    return {
        **told,
        "changed": [
            float(np.abs(after[i].astype("float64") - before[i].astype("float64")).max(initial=0.0)) for i in shared
        ],
    }


def _step_gradients(runner, graph, step, x, name, arrays):
    which, found = graph.differentiated, []
    for choice in graph.choices:
        values = iter(
            runner.fetch([g for g in graph.gradients if g is not None], graph, x, dict(zip(graph.weights, choice)))
        )
        found.append([None if g is None else next(values).astype("float64") for g in graph.gradients])
    pixels = sum((np.abs(row[-1]).sum(0) for row in found if row[-1] is not None), np.zeros(x.shape[1:]))
    return {
        "sizes": [[None if g is None else float(np.sqrt((g**2).sum())) for g in row[:-1]] for row in found],
        "which": which,
        "shapes": [list(runner.variables.shapes[i]) for i in which],
        "pixels": numbers(pixels, {"kind": "tensor"}, name, arrays),
    }


def _step_operations(runner, graph, step, x, name, arrays):
    """Each operation by which maps (images, rows, columns, channels) become others, in order.

    And what comes out with other kernels in those convolutions that look at more than one pixel.
    """
    handles = {handle.op.name: i for i, handle in enumerate(runner.variables.handles)}
    told = []
    for op in graph.x.graph.get_operations():
        if not op.name.startswith(f"{graph.scope}/") or op.type not in _MAPS or len(told) >= 400:
            continue
        with contextlib.suppress(ValueError, TypeError):  # of a shape that is not known
            one = {"type": op.type, "in": op.inputs[0].shape.as_list()[:6], "out": op.outputs[0].shape.as_list()[:6]}
            if op.type in CONVOLUTIONS:
                one["kernel"] = op.inputs[1].shape.as_list()[:2]
                one["variables"] = _read_by(op.inputs[1], graph, handles)
            if op.type in (*CONVOLUTIONS, *POOLS) and op.type != "MaxPoolV2":
                one["strides"] = list(op.get_attr("strides"))[1:3]
                one["padding"] = op.get_attr("padding").decode().lower()
            # Is what goes in used for anything else?
            one["only"] = all(
                other.type in (*REDUCTIONS, *POOLS, "Shape")
                for other in op.inputs[0].consumers()
                if other.name.startswith(f"{graph.scope}/")
            )
            told.append(one)
    convolved = {i for one in told if one.get("kernel", [1, 1]) != [1, 1] for i in one["variables"]}
    others = _drawn(runner.variables, step, sorted(convolved))
    before = dict(zip(others, runner.fetch([runner.variables.read[i] for i in others])))
    runner.assign(others)
    outputs = _step_outputs(runner, graph, step, x, name, arrays)
    runner.assign(before)
    return {"operations": told, **outputs}


_MAPS = {*CONVOLUTIONS, *POOLS, *REDUCTIONS, *SAMPLERS, "Reshape"}


def _read_by(tensor, graph, handles):
    """Numbers of the variables that `tensor` is computed from; none if the images have a part in it."""
    found, seen, waiting = set(), set(), [tensor.op]
    while waiting:
        op = waiting.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        if op.name == graph.x.op.name:
            return []
        if op.name in handles:
            found.add(handles[op.name])
        waiting += [source.op for source in op.inputs]
    return sorted(found)


_STEPS = {
    "outputs": _step_outputs,
    "redraw": _step_redraw,
    "train": _step_train,
    "gradients": _step_gradients,
    "operations": _step_operations,
}
