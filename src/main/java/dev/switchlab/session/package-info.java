/**
 * What commands and the prompt share: one training run from first weights to its report, and what a stored run holds.
 */
package dev.switchlab.session;
