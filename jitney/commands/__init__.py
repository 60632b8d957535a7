"""The commands that are a function each; those with many parts have a folder of their own beside this one."""
