/**
 * The lab at a prompt: verbs for {@code jshell} ({@link dev.switchlab.notebook.Lab}), and notebooks, which are {@code .jsh} files that
 * run from top to bottom, are rendered with their output, and fail when a snippet fails or a printed number changes.
 */
package dev.switchlab.notebook;
