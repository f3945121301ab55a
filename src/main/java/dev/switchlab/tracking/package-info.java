/** Tracking of runs: the run log that training writes to, and its MLflow form. */
package dev.switchlab.tracking;
