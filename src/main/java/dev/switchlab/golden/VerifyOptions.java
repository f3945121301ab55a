package dev.switchlab.golden;

import ai.djl.Device;
import ai.djl.engine.Engine;
import java.util.ArrayList;
import java.util.List;

/**
 * How cases are verified.
 *
 * @param forms ways to compute that every case has to pass
 * @param places where every case has to pass
 * @param only verifies only cases whose name contains this; empty for all
 */
public record VerifyOptions(List<Form> forms, List<Place> places, String only) {

    /** Copies the lists; neither may be empty, or nothing would be checked. */
    public VerifyOptions {
        forms = List.copyOf(forms);
        places = List.copyOf(places);
        if (forms.isEmpty() || places.isEmpty()) {
            throw new IllegalArgumentException("at least one form and one device must be verified");
        }
    }

    /** Every form, on the CPU with either way of planning and, where there is one, the first GPU. */
    public static VerifyOptions everything() {
        List<Place> places = new ArrayList<>(List.of(Place.of(Device.cpu()), new Place(Device.cpu(), true)));
        if (Engine.getInstance().getGpuCount() > 0) {
            places.add(Place.of(Device.gpu(0)));
        }
        return new VerifyOptions(Form.all(), places, "");
    }

    /** The same for cases whose name contains {@code part}. */
    public VerifyOptions only(String part) {
        return new VerifyOptions(forms, places, part);
    }
}
