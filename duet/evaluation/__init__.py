"""How an instruction gets its score: the task black box answers validation examples, a metric scores the answers."""
