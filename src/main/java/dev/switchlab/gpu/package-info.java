/** Whether a device computes what it should, without waiting for the host: {@code make gpu-check}. */
package dev.switchlab.gpu;
