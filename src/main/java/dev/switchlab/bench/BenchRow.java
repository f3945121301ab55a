package dev.switchlab.bench;

import java.util.Map;

/**
 * One variant's times.
 *
 * @param name what the table calls it
 * @param x where it stands on the section's axis
 * @param settings what is changed in the experiment
 * @param kernels what multiplies
 * @param ms times: "total" is the whole, others are its parts; "reference" is the reference's whole
 * @param figures what follows from medians, where it was measured: see the constants
 */
public record BenchRow(
        String name, int x, String settings, String kernels, Map<String, Timing> ms, Map<String, Double> figures) {

    /** Key in {@code ms}: the reference's time. */
    public static final String REFERENCE = "reference";

    /** Our time over the reference's. */
    public static final String RATIO = "ratio_to_reference";

    /** Floating-point operations of the matrix products. */
    public static final String FLOP = "flop";

    /** What the products alone take, ms. */
    public static final String PRODUCTS = "products_ms";

    /** What the products alone take, over the whole time. */
    public static final String SHARE = "share_of_roofline";

    /** The whole time without clipping and optimizer, ms. */
    public static final String WITHOUT_UPDATE = "without_update_ms";

    double total() {
        return ms.get(Samples.TOTAL).median();
    }
}
