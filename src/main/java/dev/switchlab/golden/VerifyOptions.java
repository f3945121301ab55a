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
 * @param places where every case has to pass
 * @param only verifies only cases whose name contains this; empty for all
 */
public record VerifyOptions(List<DispatchForm> dispatches, List<Place> places, String only) {

    /** Copies the lists; neither may be empty, or nothing would be checked. */
    public VerifyOptions {
        dispatches = List.copyOf(dispatches);
        places = List.copyOf(places);
        if (dispatches.isEmpty() || places.isEmpty()) {
            throw new IllegalArgumentException("at least one form of dispatch and one device must be verified");
        }
    }

    /** Every form of dispatch, on the CPU with either way of planning and, where there is one, the first GPU. */
    public static VerifyOptions everything() {
        List<Place> places = new ArrayList<>(List.of(Place.of(Device.cpu()), new Place(Device.cpu(), true)));
        if (Engine.getInstance().getGpuCount() > 0) {
            places.add(Place.of(Device.gpu(0)));
        }
        return new VerifyOptions(List.of(DispatchForm.values()), places, "");
    }

    /** The same for cases whose name contains {@code part}. */
    public VerifyOptions only(String part) {
        return new VerifyOptions(dispatches, places, part);
    }
}
