"""Leave a shell job through a magic."""

get_ipython().system_raw("nohup sh -c 'sleep 60 # @TOKEN@' >/dev/null 2>&1 &")
