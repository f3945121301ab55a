/** Looking at runs: statistics, tables and figures. */
package dev.switchlab.analysis;
