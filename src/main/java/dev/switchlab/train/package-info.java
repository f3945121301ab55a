/** The training loop, losses, optimizers, clipping, evaluation, sampling and saving. */
package dev.switchlab.train;
