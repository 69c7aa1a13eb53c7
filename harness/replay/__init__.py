"""Today's code against recorded histories, what it asks for included.

The SDK's Replayer checks which kinds of steps come in which order, and passes although the
arguments of an activity have changed. Here every step is compared whole.
"""
