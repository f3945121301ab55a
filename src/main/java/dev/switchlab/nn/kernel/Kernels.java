package dev.switchlab.nn.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What multiplies in a model. It decides the last digits of every result, so it is a part of what a run records.
 *
 * @param dense in layers that see all tokens: projections of attention, dense networks
 * @param experts in experts, which see some rows each
 */
public record Kernels(ProductKernels dense, ProductKernels experts) {

    /** Matrix products: what small models take, and where nothing has been measured. */
    public static final Kernels MATRIX = new Kernels(ProductKernels.MATRIX, ProductKernels.MATRIX);

    /**
     * One text for one choice, which {@link #parse} reads: {@code dense=convolution/convolution/matrix experts=matrix}.
     */
    @Override
    public String toString() {
        return dense.equals(experts) ? text(dense) : "dense=" + text(dense) + " experts=" + text(experts);
    }

    private static String text(ProductKernels kernels) {
        List<String> names = Stream.of(kernels.forward(), kernels.dataGradient(), kernels.weightGradient())
                .map(kernel -> kernel.name().toLowerCase(Locale.ROOT))
                .toList();
        return names.stream().distinct().count() == 1 ? names.get(0) : String.join("/", names);
    }

    /**
     * What a text names.
     *
     * @throws IllegalArgumentException in one line
     */
    public static Kernels parse(String text) {
        String[] words = text.strip().split("\\s+", -1);
        if (words.length == 1 && !words[0].contains("=")) {
            ProductKernels all = products(words[0], text);
            return new Kernels(all, all);
        }
        if (words.length == 2 && words[0].startsWith("dense=") && words[1].startsWith("experts=")) {
            return new Kernels(
                    products(words[0].substring("dense=".length()), text),
                    products(words[1].substring("experts=".length()), text));
        }
        throw unreadable(text);
    }

    private static ProductKernels products(String word, String text) {
        List<ProductKernel> kernels = new java.util.ArrayList<>();
        for (String name : word.split("/", -1)) {
            kernels.add(Arrays.stream(ProductKernel.values())
                    .filter(kernel -> kernel.name().equalsIgnoreCase(name))
                    .findFirst()
                    .orElseThrow(() -> unreadable(text)));
        }
        return switch (kernels.size()) {
            case 1 -> ProductKernels.all(kernels.get(0));
            case 3 -> new ProductKernels(kernels.get(0), kernels.get(1), kernels.get(2));
            default -> throw unreadable(text);
        };
    }

    private static IllegalArgumentException unreadable(String text) {
        String names = Arrays.stream(ProductKernel.values())
                .map(kernel -> kernel.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        return new IllegalArgumentException(
                "KERNELS is '" + text + "', allowed: auto, or one of " + names
                        + " for all products, or three of them for forward pass, data gradient and weight gradient, or those for dense layers and"
                        + " for experts, for example KERNELS=matrix or KERNELS=\"dense=convolution/convolution/matrix experts=matrix\"");
    }
}
