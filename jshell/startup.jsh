// The greeting of `make jshell`. How the prompt looks is in prompt.jsh, which jshell remembers.
help();
