/** The experiment as a tree of self-validating records; YAML files with {@code extends} and overrides. */
package dev.switchlab.experiment;
