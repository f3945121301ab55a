package dev.switchlab.provenance;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.nio.file.Path;
import java.util.List;

/**
 * How it was computed.
 *
 * @param device {@code cpu} or {@code gpu:N}
 * @param threads CPU threads that one operation is spread over; 0 where that cannot be read
 * @param interopThreads CPU threads that operations are spread over; 0 where that cannot be read
 * @param gpu name of the GPU; empty on the CPU
 * @param driver its driver; empty on the CPU
 * @param cuda CUDA version and compute capability; empty on the CPU
 * @param kernels what multiplies, as {@code KERNELS} names it; empty in runs older than this entry
 * @param deterministicAlgorithms whether libtorch's deterministic algorithms were on
 * @param ranks processes that shared the run; 1 in runs older than this entry
 * @param expertParallel whether each of them had a part of the experts
 */
public record Computation(
        String device,
        int threads,
        int interopThreads,
        String gpu,
        String driver,
        String cuda,
        String kernels,
        boolean deterministicAlgorithms,
        int ranks,
        boolean expertParallel) {

    /** Reads runs that know of no kernels, or of no ranks. */
    public Computation {
        kernels = kernels == null ? "" : kernels;
        ranks = Math.max(ranks, 1);
    }

    /** The same by {@code count} ranks, each with a part of the experts or with all. */
    Computation by(int count, boolean expertParallel) {
        return new Computation(
                device,
                threads,
                interopThreads,
                gpu,
                driver,
                cuda,
                kernels,
                deterministicAlgorithms,
                count,
                expertParallel);
    }

    static Computation on(Device device, String kernels, Libtorch torch) {
        boolean cuda = device.isGpu();
        List<String> card = cuda ? nvidiaSmi(device.getDeviceId()) : List.of("", "");
        return new Computation(
                cuda ? "gpu:" + device.getDeviceId() : "cpu",
                torch.threads().orElse(0),
                torch.interopThreads().orElse(0),
                card.get(0),
                card.get(1),
                cuda
                        ? CudaUtils.getCudaVersionString() + ", compute capability "
                                + CudaUtils.getComputeCapability(device.getDeviceId())
                        : "",
                kernels,
                torch.deterministicAlgorithms(),
                1,
                false);
    }

    private static List<String> nvidiaSmi(int index) {
        List<String> fields = Processes.output(
                        Path.of("."),
                        "nvidia-smi",
                        "--query-gpu=name,driver_version",
                        "--format=csv,noheader",
                        "--id=" + index)
                .map(line -> List.of(line.strip().split("\\s*,\\s*", -1)))
                .orElse(List.of());
        return fields.size() == 2 ? fields : List.of("unknown: nvidia-smi gives no answer", "unknown");
    }
}
