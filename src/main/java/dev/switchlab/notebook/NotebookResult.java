package dev.switchlab.notebook;

import java.util.List;
import java.util.Optional;

/**
 * What came of running a notebook.
 *
 * @param notebook the notebook
 * @param outputs for each cell that was reached, what its snippets gave
 * @param failure why it stopped, with file, line and snippet; empty when it ran to its end
 */
record NotebookResult(Notebook notebook, List<List<Output>> outputs, Optional<String> failure) {}
