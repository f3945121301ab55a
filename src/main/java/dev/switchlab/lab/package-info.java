/**
 * The lab at a prompt: the verbs of {@code jshell} ({@link dev.switchlab.lab.Lab}), how values print, and the agent
 * behind the prompt ({@link dev.switchlab.lab.LabAgent}).
 */
package dev.switchlab.lab;
