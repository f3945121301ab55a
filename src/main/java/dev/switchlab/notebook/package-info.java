/**
 * Notebooks: {@code .jsh} files that run from top to bottom, are rendered with their output, and fail when a snippet
 * fails or a printed number changes. What they type are the verbs of {@code dev.switchlab.lab}.
 */
package dev.switchlab.notebook;
