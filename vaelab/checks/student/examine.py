"""Operation ``examine``: hand implementations, made from numbers in the request, to the target one by one."""

import numpy as np

from vaelab.checks.student.describe import error_of, is_stub, type_name
from vaelab.checks.student.specimens import Implementation


def examine(asked, given, target, arrays):
    """Call ``target(kl, sample)`` with each implementation, ``times`` times over."""
    answers = []
    for kl_numbers, sample_numbers in zip(given["kl"], given["sample"]):
        row = []
        for _ in range(asked["times"]):
            made = Implementation(kl_numbers, sample_numbers)
            try:
                answer = target(made.kl, made.sample)
                if type(answer) in (bool, np.bool_):
                    row.append({"kind": "bool", "value": bool(answer)})
                else:
                    row.append({"kind": "other", "type": type_name(answer)})
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if is_stub(error, target):
                    raise
                row.append({"kind": "error", "error": error_of(error)})
        answers.append(row)
    return {"answers": answers}
