"""A course with a configuration of its own."""

c = get_config()  # noqa: F821  (given by traitlets)

c.CourseDirectory.course_id = "statistics"
c.ClearSolutions.code_stub = {"python": "pass  # your code"}
