/// Returns every way to choose one value of each dimension.
pub(crate) fn combinations<const N: usize>(
    dimensions: [&[&'static str]; N],
) -> Vec<[&'static str; N]> {
    let mut tuples = vec![[""; N]];
    for (place, values) in dimensions.into_iter().enumerate() {
        let with = |tuple: [&'static str; N]| {
            values.iter().map(move |value| {
                let mut tuple = tuple;
                tuple[place] = *value;
                tuple
            })
        };
        tuples = tuples.into_iter().flat_map(with).collect();
    }
    tuples
}
