"""Operation ``call``: call the target with arrays, eagerly or in a graph, with gradients if asked."""

from vaelab.checks.student.describe import describe, error_of, is_stub


def call(asked, given, target, arrays):
    """Call the target on each case; ``results[i]`` says what came back."""
    import tensorflow as tf

    results = []
    for i, case in enumerate(asked["cases"]):
        inputs = [tf.cast(tf.constant(given[name]), case.get("dtype", "float32")) for name in case["args"]]
        function = target
        if case.get("mode", "eager") != "eager":
            function = tf.function(target, jit_compile=case["mode"] == "jit")
        try:
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(inputs)
                output = function(*inputs)
            result = {"output": describe(output, f"output{i}", arrays)}
            if case.get("gradient"):
                result["gradients"] = [
                    describe(_gradient(tape, output, source), f"gradient{i}.{j}", arrays)
                    for j, source in enumerate(inputs)
                ]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if is_stub(error, target):
                raise
            result = {"error": error_of(error)}
        results.append(result)
    return {"results": results}


def _gradient(tape, output, source):
    """Gradient of the sum of `output`, or None where there is no path."""
    import tensorflow as tf

    if not issubclass(type(output), tf.Tensor):
        return None
    gradient = tape.gradient(output, source)
    return None if gradient is None else tf.convert_to_tensor(gradient)
