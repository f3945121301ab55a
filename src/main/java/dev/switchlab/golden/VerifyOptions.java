package dev.switchlab.golden;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import java.util.ArrayList;
import java.util.List;

/**
 * How cases are verified.
 *
 * @param dispatches forms of dispatch that every case with experts has to pass
 * @param devices devices that every case has to pass on
 * @param only verifies only cases whose name contains this; empty for all
 */
public record VerifyOptions(List<DispatchForm> dispatches, List<Device> devices, String only) {

    /** Copies the lists; neither may be empty, or nothing would be checked. */
    public VerifyOptions {
        dispatches = List.copyOf(dispatches);
        devices = List.copyOf(devices);
        if (dispatches.isEmpty() || devices.isEmpty()) {
            throw new IllegalArgumentException("at least one form of dispatch and one device must be verified");
        }
    }

    /** Every form of dispatch, on the CPU and, where there is one, the first GPU. */
    public static VerifyOptions everything() {
        List<Device> devices = new ArrayList<>(List.of(Device.cpu()));
        if (Engine.getInstance().getGpuCount() > 0) {
            devices.add(Device.gpu(0));
        }
        return new VerifyOptions(List.of(DispatchForm.values()), devices, "");
    }

    /** The same for cases whose name contains {@code part}. */
    public VerifyOptions only(String part) {
        return new VerifyOptions(dispatches, devices, part);
    }
}
