package dev.switchlab.provenance;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Device, threads and kernels of a training.
 *
 * @param device {@code cpu} or {@code gpu:N}
 * @param threads CPU threads within one operation; 0 if unreadable
 * @param interopThreads CPU threads across operations; 0 if unreadable
 * @param gpu name of the GPU; empty on the CPU
 * @param driver driver of the GPU; empty on the CPU
 * @param cuda CUDA version and compute capability; empty on the CPU
 * @param kernels the chosen kernels, in the notation of {@code KERNELS}
 * @param deterministicAlgorithms whether libtorch's deterministic algorithms were on
 * @param ranks processes that shared the run
 * @param expertParallel whether the experts were sharded over the ranks
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

    /** Environment variables that influence numeric libraries. */
    private static final Pattern NUMERIC =
            Pattern.compile("(ATEN|CUBLAS|CUDA|CUDNN|DJL|DNNL|GOMP|KMP|MKL|OMP|ONEDNN|OPENBLAS|PYTORCH|TORCH)_.*"
                    + "|GLIBC_TUNABLES.*|LD_PRELOAD.*|NVIDIA_TF32_OVERRIDE.*");

    /** Locations of files, without effect on results, and secrets. */
    private static final Pattern LEFT_OUT =
            Pattern.compile("DJL_CACHE_DIR|TORCH_HOME|.*(TOKEN|PASSWORD|SECRET|CREDENTIAL|API_KEY|AUTH).*");

    /** The computation of this process. The engine must have been started. */
    public static Computation on(Device device, String kernels, int ranks, boolean expertParallel) {
        Libtorch torch = Libtorch.loaded();
        boolean cuda = device.isGpu();
        return new Computation(
                cuda ? "gpu:" + device.getDeviceId() : "cpu",
                torch.threads(),
                torch.interopThreads(),
                cuda ? name(device.getDeviceId()) : "",
                cuda ? NvidiaDriver.version().orElse("unknown") : "",
                cuda
                        ? CudaUtils.getCudaVersionString() + ", compute capability "
                                + CudaUtils.getComputeCapability(device.getDeviceId())
                        : "",
                kernels,
                torch.deterministicAlgorithms(),
                ranks,
                expertParallel);
    }

    private static String name(int gpu) {
        return Processes.output(Path.of("."), "nvidia-smi", "--query-gpu=name", "--format=csv,noheader", "--id=" + gpu)
                .map(String::strip)
                .orElse("unknown: nvidia-smi gives no answer");
    }

    /** The environment variables in {@code all} that influence numeric libraries, without anything secret. */
    static SortedMap<String, String> environment(Map<String, String> all) {
        SortedMap<String, String> taken = new TreeMap<>();
        all.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            if (NUMERIC.matcher(upper).matches() && !LEFT_OUT.matcher(upper).matches()) {
                // User and password before the host of a URL.
                taken.put(name, value.replaceAll("://[^/@\\s]*@", "://"));
            }
        });
        return taken;
    }
}
