package dev.switchlab.bench;

/**
 * The reference's own code, as its process introduces itself.
 *
 * @param code repository and commit
 * @param torch PyTorch's version
 * @param blas the library that its matrix products run on
 * @param threads how many they run on
 * @param gflopPerSecond of the product that it is measured by, 10^9 floating-point operations a second
 */
public record Reference(String code, String torch, String blas, int threads, double gflopPerSecond) {}
