use super::*;

#[test]
fn a_place_comes_back_when_its_handler_panics() {
    let (give_back, free_places) = bounded::<()>(1);
    let place = Place(give_back);
    let handler = thread::spawn(move || {
        let _place = place;
        panic!("a handler fails (this message belongs to the test)");
    });
    assert!(handler.join().is_err(), "the handler did not panic");
    assert_eq!(free_places.try_recv(), Ok(()), "its place is lost");
}
