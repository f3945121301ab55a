package dev.switchlab.golden;

import ai.djl.Device;

/**
 * Where a case runs.
 *
 * @param device the weights' and the passes'
 * @param routesOnDevice whether the routing plan is made by tensors, as on a GPU always
 */
public record Place(Device device, boolean routesOnDevice) {

    /** A device, which plans as it does in training. */
    public static Place of(Device device) {
        return new Place(device, device.isGpu());
    }

    /** In a report. */
    String label() {
        String name = device.isGpu() ? "gpu" : "cpu";
        return routesOnDevice && !device.isGpu() ? name + " planned by tensors" : name;
    }
}
